import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

export type SuppressionReason = 'hard_bounce' | 'complaint' | 'manual';

/** Addresses that must not be mailed, by keyed hash: the list holds no address. */
export interface Suppressions {
  add(address: string, reason: SuppressionReason, at: number): Promise<void>;
  reasonFor(address: string): Promise<SuppressionReason | undefined>;
}

export function createSuppressions(redis: Redis, keys: Keys): Suppressions {
  return {
    async add(address, reason, at) {
      await redis.hset(keys.suppression(address), { reason, at });
    },
    async reasonFor(address) {
      return ((await redis.hget(keys.suppression(address), 'reason')) ?? undefined) as SuppressionReason | undefined;
    },
  };
}
