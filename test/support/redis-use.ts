import { expect } from 'vitest';

import { createAccount } from '../../store/redis/account.ts';
import { type Redis, redisTakesWrites } from '../../store/redis/connect.ts';
import { createRedisKeys } from '../../store/redis/keys.ts';
import { createProviderState } from '../../store/redis/provider.ts';
import { createSlots } from '../../store/redis/slots.ts';
import { createSuppressionMirror } from '../../store/redis/suppression-mirror.ts';

const hashes = Array.from({ length: 20 }, (_, index) => `address-${index}`);
const manual = { reason: 'manual', scope: 'all', since: 1, source: 'operator' } as const;

/** Calls everything of the product that touches Redis, except notifications. */
export async function useEverything(redis: Redis, prefix: string): Promise<void> {
  const keys = createRedisKeys(prefix);
  await redisTakesWrites(redis, prefix);
  const slots = createSlots(redis, keys, { perSecond: 10, quotaReserve: 0.1 });
  expect(await slots.take('first', { lane: 'transactional', since: 1 })).toEqual({ kind: 'slot' });
  for (let since = 2; since < 20; since++) await slots.take(`email-${since}`, { lane: 'marketing', since });
  expect(await slots.park('marketing', 1_000)).toBeGreaterThanOrEqual(1_000);
  const account = createAccount(redis, keys, 10);
  await account.allowed({ maxPerSecond: 14, max24Hours: 50_000, sent24Hours: 7 });
  await account.throttled();
  await account.quotaSpent(1_000);
  expect((await account.state()).allowed).toMatchObject({ maxPerSecond: 14 });
  expect(await account.readingIsDue(60_000)).toBe(true);
  expect(await account.readingTurn()).toBe(0);
  const provider = createProviderState(redis, keys);
  await provider.noteAccepted();
  expect(await provider.acceptedAt()).toBeGreaterThan(Date.now() - 60_000);
  expect(await provider.takeCanary('tag')).toBe(true);
  const mirror = createSuppressionMirror(redis, prefix, {
    snapshots: async (asked) => asked.map((addressHash) => ({ addressHash, version: 1, suppressions: [manual] })),
    all: async function* () {
      yield hashes;
    },
  });
  expect(await mirror.reconcile()).toBe(hashes.length);
}
