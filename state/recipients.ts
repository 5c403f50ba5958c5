import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** What the recipient workflow of an address knows. It is kept here between two runs, since a run ends when it is idle. */
export interface RecipientState {
  /** Soft bounces in a row, and when the first of them came (Unix ms). */
  softBounces: number;
  softSince?: number;
  /** Bounces in a row because the domain does not exist. */
  noDomain: number;
  /** How often weeks of soft bounces have suppressed the address for a time. */
  timeouts: number;
  /** When that ends, Unix ms. */
  suppressedUntil?: number;
  /** Short hashes of the feedback that has been applied, oldest first. */
  seen: string[];
}

export interface Recipients {
  recall(addressHash: string): Promise<RecipientState | undefined>;
  remember(addressHash: string, state: RecipientState): Promise<void>;
  /** Whether a delivery would end something: a streak of bounces. Most addresses have none, and their deliveries start no workflow. */
  hasStreak(addressHash: string): Promise<boolean>;
}

/** Longer than any streak lasts; a state that nobody touched for so long says nothing any more. */
const rememberMs = 400 * 86_400_000;

export function createRecipients(redis: Redis, keys: Keys): Recipients {
  return {
    async recall(hash) {
      const text = await redis.hget(keys.recipient(hash), 'state');
      return text ? (JSON.parse(text) as RecipientState) : undefined;
    },
    async remember(hash, state) {
      const streak = state.softBounces + state.noDomain;
      const key = keys.recipient(hash);
      await redis.multi().hset(key, 'state', JSON.stringify(state), 'streak', streak).pexpire(key, rememberMs).exec();
    },
    hasStreak: async (hash) => Number((await redis.hget(keys.recipient(hash), 'streak')) ?? 0) > 0,
  };
}
