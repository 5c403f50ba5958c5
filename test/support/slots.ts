import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { createAccount } from '../../store/redis/account.ts';
import type { Redis } from '../../store/redis/connect.ts';
import { createRedisKeys } from '../../store/redis/keys.ts';
import { createSlots } from '../../store/redis/slots.ts';
import type { Lane, Slot, Slots, Terms } from '../../store/slots.ts';

/** An account of its own in this Redis, so that no test takes a slot of another. `there`: the same account in another worker. */
export function accountOf(perSecond: number, redis: Redis, other = redis) {
  const prefix = `slots-test-${randomUUID()}:`;
  const keys = createRedisKeys(prefix);
  const options = { perSecond, quotaReserve: 0.1 };
  /** The slot that an email has booked, in µs; NaN while it has none. */
  const slot = async (id: string) => Number((await redis.zscore(keys.slots(), id)) ?? Number.NaN);
  return {
    prefix,
    keys,
    here: createSlots(redis, keys, options),
    there: createSlots(other, keys, options),
    account: createAccount(redis, keys, perSecond),
    slot,
    slots: async (ids: string[]) => (await Promise.all(ids.map(slot))).sort((a, b) => a - b),
    /** How many wait before it in the queue of its lane; NaN when it is not queued. */
    place: async (id: string, lane: Lane = 'marketing') => (await redis.zrank(keys.queue(lane), id)) ?? Number.NaN,
  };
}

export const emails = (count: number, name = 'email') => Array.from({ length: count }, (_, i) => `${name}-${i}`);
export const subjectTo = (lane: Lane, since = 1): Terms => ({ lane, since });
export const waitOf = (slot: Slot) => (slot.kind === 'wait' ? slot.waitMs : Number.NaN);

/** What the workers do with an email: ask, wait, ask again, until its slot has come. Returns when it had it, by Redis's clock, Unix ms. */
export async function send(slots: Slots, redis: Redis, id: string, terms: Terms): Promise<number> {
  for (;;) {
    const [slot, time] = await Promise.all([slots.take(id, terms), redis.time()]);
    if (slot.kind === 'slot') return Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
    if (slot.kind === 'no_quota') throw new Error('no quota');
    await sleep(slot.waitMs);
  }
}

/** The same through any trouble: a call that fails is made again a little later. Counts the failures in `failed`. */
export async function sendPatiently(
  slots: Slots,
  redis: Redis,
  id: string,
  terms: Terms,
  failed: Record<Lane, number>,
): Promise<number> {
  for (;;) {
    try {
      return await send(slots, redis, id, terms);
    } catch {
      failed[terms.lane] += 1;
      await sleep(100);
    }
  }
}

/** The most of these instants (ms) within any second. */
export function mostInOneSecond(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b);
  let [most, first] = [0, 0];
  for (const [last, at] of sorted.entries()) {
    while ((sorted[first] ?? at) <= at - 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
