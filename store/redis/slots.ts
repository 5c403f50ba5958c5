import type { Lane, Slot, Slots } from '../slots.ts';
import type { Redis } from './connect.ts';
import type { RedisKeys } from './keys.ts';
import { defineScript } from './scripts.ts';

export interface SlotsOptions {
  /** The configured rate, emails per second. */
  perSecond: number;
  /** The share of the day's quota that is reserved for transactional email. */
  quotaReserve: number;
}

/** How far ahead each lane books slots of the account, in µs. */
const horizonUs: Record<Lane, number> = { transactional: 1_000_000, marketing: 300_000 };

const other: Record<Lane, Lane> = { transactional: 'marketing', marketing: 'transactional' };

/**
 * The rate limit in Redis, by Redis's clock.
 *
 * A Redis that was wiped, replaced or failed over forgets the pace, the queues and the account. Emails that ask again are
 * queued again in their order. The first email after it has its slot at once, and 20 ms are caught up: 2 emails and 2 % of a
 * second's worth are sent beyond the rate, each time. Until the account is read from the provider again (a second or two:
 * `readingIsDue`) the configured rate applies. An account that is allowed less than that is throttled a few times in between,
 * which slows all workers down at once; the emails that were refused are sent later.
 */
export function createSlots(redis: Redis, keys: RedisKeys, { perSecond, quotaReserve }: SlotsOptions): Slots {
  const take = defineScript<[kind: Slot['kind'], waitMs: number]>(redis, 'slots-take.lua');
  const park = defineScript<number>(redis, 'slots-park.lua');
  const parkHere = createParking(perSecond);
  const placesOf = (lane: Lane) => [keys.queue(lane), keys.expected(lane)];
  const keysOf = (lane: Lane) => [
    keys.account(),
    keys.pace(),
    keys.slots(),
    ...placesOf(lane),
    ...placesOf(other[lane]),
  ];
  const takeKeys = { transactional: keysOf('transactional'), marketing: keysOf('marketing') };
  return {
    async take(id, { lane, since }) {
      const [kind, waitMs] = await take(takeKeys[lane], [perSecond, quotaReserve, lane, id, since, horizonUs[lane]]);
      return kind === 'wait' ? { kind, waitMs } : { kind };
    },
    park: async (lane, atLeastMs) =>
      atLeastMs + (await park([keys.account(), keys.parked(lane)], [perSecond]).catch(parkHere)),
  };
}

/** The same by this process alone, at the configured rate: returns the wait behind those that it has parked, in ms. */
function createParking(perSecond: number): () => number {
  let next = 0;
  return () => {
    const now = performance.now();
    const at = Math.max(now, next);
    next = at + 1_000 / perSecond;
    return Math.round(at - now);
  };
}
