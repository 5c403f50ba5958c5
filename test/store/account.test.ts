import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { connectRedis, type Redis, redisReady } from '../../store/redis/connect.ts';
import { accountOf as accountIn, emails, send, subjectTo } from '../support/slots.ts';

let redis: Redis;

beforeAll(async () => {
  redis = connectRedis({ url: inject('servers').redis }, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());

const accountOf = (perSecond: number) => accountIn(perSecond, redis);
const nowUs = () => Date.now() * 1_000;

describe('the pace of the account', () => {
  const limits = { max24Hours: -1, sent24Hours: 0 };

  it('is what is configured, or what the provider allows if that is less', async () => {
    const { account } = accountOf(50);
    expect((await account.state()).perSecond).toBeCloseTo(50, 1);
    await account.allowed({ ...limits, maxPerSecond: 14 });
    expect((await account.state()).perSecond).toBeCloseTo(14, 1);
    expect((await account.state()).allowed).toEqual({ ...limits, maxPerSecond: 14 });
    await account.allowed({ ...limits, maxPerSecond: 200 });
    expect((await account.state()).perSecond).toBeCloseTo(50, 1);
  });

  it('falls by 15 % at a throttle, once for all that were throttled together, and recovers within a minute', async () => {
    const { account, keys } = accountOf(100);
    await Promise.all(emails(20).map(() => account.throttled()));
    expect((await account.state()).perSecond).toBeCloseTo(85, 0);
    const ago = async (seconds: number) => redis.hset(keys.account(), 'cut_at', nowUs() - seconds * 1e6);
    await ago(30);
    expect((await account.state()).perSecond).toBeCloseTo(92.5, 0);
    await account.throttled();
    expect((await account.state()).perSecond).toBeCloseTo(92.5 * 0.85, 0);
    await ago(3_600);
    expect((await account.state()).perSecond).toBeCloseTo(100, 1);
  });

  it('never falls below a tenth', async () => {
    const { account, keys } = accountOf(100);
    for (let i = 0; i < 30; i++) {
      await redis.hset(keys.account(), 'cut_at', nowUs() - 1_500_000);
      await account.throttled();
    }
    expect((await account.state()).perSecond).toBeGreaterThanOrEqual(9.9);
    expect((await account.state()).perSecond).toBeLessThan(12);
  });

  it('a throttle slows the slots down', async () => {
    const { account, here, slot } = accountOf(4);
    await account.throttled();
    await Promise.all(['sent', 'ada', 'grace'].map((id) => here.take(id, subjectTo('transactional'))));
    const between = (await slot('grace')) - (await slot('ada'));
    expect(between).toBeGreaterThan(290_000); // and not 250,000
    expect(between).toBeLessThanOrEqual(294_118);
  });

  it('a refusal for the day’s quota stops all emails, until a reading shows that there is room', async () => {
    const { account, here } = accountOf(50);
    await account.quotaSpent(60_000);
    expect(await here.take('receipt', subjectTo('transactional'))).toEqual({ kind: 'no_quota' });
    await account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 100 });
    expect(await here.take('receipt', subjectTo('transactional'))).toEqual({ kind: 'no_quota' });
    await account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 50 });
    expect((await here.take('receipt', subjectTo('transactional'))).kind).toBe('slot');
    expect((await account.state()).quotaLeft).toBe(49);
  });

  it('counts what was sent since the reading before last: the provider’s own count lags', async () => {
    const { account, here } = accountOf(1_000);
    const read = () => account.allowed({ maxPerSecond: 1_000, max24Hours: 100, sent24Hours: 0 });
    const left: (number | undefined)[] = [];
    for (const count of [5, 3, 0]) {
      await read();
      for (const id of emails(count, `sent-${count}`)) await send(here, redis, id, subjectTo('transactional'));
      left.push((await account.state()).quotaLeft);
    }
    expect(left).toEqual([95, 92, 97]);
  });

  it('is read by one worker at a time, and not again before it is due', async () => {
    const { account } = accountOf(50);
    await account.allowed({ ...limits, maxPerSecond: 50 });
    const asked = await Promise.all(emails(20).map(() => account.readingIsDue(60_000)));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });

  it('is read soon by another worker when the one whose task it was has not', async () => {
    const { account, keys } = accountOf(50);
    expect([await account.readingIsDue(60_000), await account.readingIsDue(60_000)]).toEqual([true, false]);
    const ago = (ms: number) => redis.set(keys.turn('account'), nowUs() - ms * 1_000, 'PX', 60_000);
    await ago(6_000);
    expect(await account.readingIsDue(60_000)).toBe(true);
    await account.allowed({ ...limits, maxPerSecond: 50 });
    await ago(6_000);
    expect(await account.readingIsDue(60_000)).toBe(false);
  });

  it('reading calls are more than a second apart', async () => {
    const { account, keys } = accountOf(50);
    const [first, next] = await Promise.all([account.readingTurn(), account.readingTurn()]);
    expect(first).toBe(0);
    expect(next).toBeGreaterThan(1_000);
    expect(next).toBeLessThanOrEqual(1_100);
    await redis.set(keys.turn('reading'), nowUs() - 1_101_000);
    expect(await account.readingTurn()).toBe(0);
  });
});
