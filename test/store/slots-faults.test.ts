import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { connectRedis, type Redis, redisReady } from '../../store/redis/connect.ts';
import type { Lane } from '../../store/slots.ts';
import { ownRedis } from '../support/own-redis.ts';
import { accountOf, emails, mostInOneSecond, sendPatiently, subjectTo } from '../support/slots.ts';

/** What happens here would hurt every other test. */
const own = ownRedis();
let redis: Redis;

beforeAll(async () => {
  redis = connectRedis({ url: own.url }, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());
afterEach(async () => {
  await own.redis.config('SET', 'maxmemory', 0);
  // A connection that is being left for another one still calls itself ready.
  await expect.poll(() => redis.ping().catch(() => undefined), { interval: 10, timeout: 20_000 }).toBe('PONG');
});

const perSecond = 250;

interface Waiting {
  /** How many were sent so far. */
  soFar: () => number;
  /** Calls that were rejected so far. */
  failed: Record<Lane, number>;
}

/** A thousand emails of both lanes wait for slots while `trouble` happens. Returns when each of them was sent. */
async function aThousandWait(trouble: (waiting: Waiting) => Promise<void>) {
  const { here } = accountOf(perSecond, redis);
  const sent: number[] = [];
  const failed: Record<Lane, number> = { transactional: 0, marketing: 0 };
  const sending = emails(1_000).map(async (id, i) => {
    const lane = i % 4 === 0 ? 'transactional' : 'marketing';
    sent.push(await sendPatiently(here, redis, id, subjectTo(lane, i), failed));
  });
  await expect.poll(() => sent.length, { interval: 10, timeout: 20_000 }).toBeGreaterThan(50);
  await trouble({ soFar: () => sent.length, failed });
  await Promise.all(sending);
  return { sent, failed };
}

/** The rate, 2 % of a second that are caught up, and two emails: once, and again for each time that Redis forgets. */
const mostAllowed = (wipes: number) => perSecond + (1 + wipes) * (0.02 * perSecond + 2);

describe('a thousand emails that wait for slots', () => {
  it('are all sent at the configured rate when Redis is wiped five times meanwhile', async () => {
    const { sent } = await aThousandWait(async ({ soFar }) => {
      for (let wipes = 0; wipes < 5; wipes++) {
        await own.redis.flushall();
        const before = soFar();
        await expect.poll(soFar, { interval: 10, timeout: 20_000 }).toBeGreaterThan(before + 20);
      }
    });
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(5));
    const seconds = (Math.max(...sent) - Math.min(...sent)) / 1_000;
    expect(1_000 - perSecond * seconds).toBeLessThanOrEqual(6 * (0.02 * perSecond + 2));
  });

  it('are all sent at the configured rate when Redis is killed and replaced by an empty one', async () => {
    const { sent } = await aThousandWait(async ({ failed }) => {
      await own.server.kill('SIGKILL');
      await expect.poll(() => failed.transactional * failed.marketing, { timeout: 20_000 }).toBeGreaterThan(0);
      await own.server.start();
    });
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(1));
  });

  it('wait in every lane while Redis is frozen, and are sent when it is not', async () => {
    const frozen: number[] = [];
    const { sent, failed } = await aThousandWait(async ({ soFar }) => {
      await own.server.kill('SIGSTOP');
      await sleep(500); // answers that were under way
      frozen.push(soFar());
      await sleep(3_000);
      frozen.push(soFar());
      await own.server.kill('SIGCONT');
    });
    expect(frozen[1]).toBe(frozen[0]);
    expect(failed.marketing).toBeGreaterThan(0);
    expect(failed.transactional).toBeGreaterThan(0);
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(0));
  });

  it('wait in every lane while Redis is a read-only replica, and are sent when it is the primary again', async () => {
    const demoted: number[] = [];
    const { sent, failed } = await aThousandWait(async ({ soFar }) => {
      await own.asReplica(async () => {
        demoted.push(soFar());
        await sleep(1_000);
        demoted.push(soFar());
      });
    });
    expect((demoted[1] ?? 0) - (demoted[0] ?? 0)).toBeLessThan(20); // answers that were under way
    expect(failed.marketing).toBeGreaterThan(0);
    expect(failed.transactional).toBeGreaterThan(0);
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(0));
  });

  it('wait in every lane while Redis is full, and are sent when it has room', async () => {
    const full: number[] = [];
    const { sent, failed } = await aThousandWait(async ({ soFar }) => {
      await own.redis.config('SET', 'maxmemory', 1);
      await sleep(500); // answers that were under way
      full.push(soFar());
      await sleep(1_000);
      full.push(soFar());
      await own.redis.config('SET', 'maxmemory', 0);
    });
    expect(full[1]).toBe(full[0]);
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(0));
    expect(failed.marketing).toBeGreaterThan(0);
    expect(failed.transactional).toBeGreaterThan(0);
  });

  it('notice nothing when Redis forgets its scripts', async () => {
    const { sent, failed } = await aThousandWait(async ({ soFar }) => {
      for (let flushes = 0; flushes < 5; flushes++) {
        await own.redis.script('FLUSH');
        const before = soFar();
        await expect.poll(soFar, { interval: 10, timeout: 20_000 }).toBeGreaterThan(before + 20);
      }
    });
    expect(failed).toEqual({ transactional: 0, marketing: 0 });
    expect(sent).toHaveLength(1_000);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed(0));
  });
});

describe('emails that wait while Redis is unavailable', () => {
  it('come back one after another, as fast as they could be sent', async () => {
    const { here } = accountOf(perSecond, redis);
    const waits: number[] = [];
    await own.asReplica(async () => {
      for (let i = 0; i < 500; i++) waits.push(await here.park('marketing', 2_000));
    });
    const [first = 0, last = 0] = [waits[0], waits.at(-1)];
    expect(first).toBeGreaterThanOrEqual(2_000);
    expect(first).toBeLessThan(2_000 + 100);
    expect(last).toBeGreaterThan(first + 1_000); // 2 s of sending, less what the calls took
    expect(last).toBeLessThanOrEqual(first + 2_000);
    expect(waits.every((wait, i) => i === 0 || wait <= (waits[i - 1] ?? 0) + 1_000 / perSecond + 1)).toBe(true);
  });
});

describe('an account that is allowed less than is configured', () => {
  it('is read again at once when Redis was wiped; until then the configured rate applies', async () => {
    const { account } = accountOf(50, redis);
    expect(await account.readingIsDue(60_000)).toBe(true);
    await account.allowed({ maxPerSecond: 14, max24Hours: 50_000, sent24Hours: 0 });
    expect(await account.readingIsDue(60_000)).toBe(false);
    await own.redis.flushall();
    expect(await account.state()).toEqual({ perSecond: 50 });
    expect([await account.readingIsDue(60_000), await account.readingIsDue(60_000)]).toEqual([true, false]);
  });
});
