import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createAccount } from '../state/account.ts';
import { createKeys } from '../state/keys.ts';
import { createRates, type Lane, type Rates, type Terms, type Turn } from '../state/rates.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createSends, type Sends } from '../state/sends.ts';
import { createStops } from '../state/stops.ts';

const secret = 'ab'.repeat(32);
const keyPrefix = `slots-test-${randomUUID()}:`;

let redis: Redis;
let other: Redis;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  other = connectRedis(inject('servers').redis, () => {});
  await Promise.all([redisReady(redis), redisReady(other)]);
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});

/** An account of its own for each test, so that no test takes a slot of another. */
function accountOf(perSecond: number) {
  const keys = createKeys(`${keyPrefix}${randomUUID()}:`, secret);
  const slot = async (id: string) => Number((await redis.zscore(keys.rate('slots'), id)) ?? Number.NaN);
  return {
    keys,
    here: createRates(redis, keys, perSecond, 0.1),
    there: createRates(other, keys, perSecond, 0.1),
    sends: createSends(redis, keys, { rememberMs: 60_000, perSecond, quotaReserve: 0.1 }),
    account: createAccount(redis, keys, perSecond),
    stops: createStops(redis, keys),
    /** The slot of a mail, in µs; NaN while it has none. */
    slot,
    slots: async (ids: string[]) => (await Promise.all(ids.map(slot))).sort((a, b) => a - b),
    /** How many stand before it in the queue of its lane; NaN when it does not stand there. */
    place: async (id: string, lane: Lane = 'marketing') => (await redis.zrank(keys.rate(lane), id)) ?? Number.NaN,
    /** What a claim does with a slot: the mail leaves now. */
    leave: async (id: string) => {
      await redis.zrem(keys.rate('slots'), id);
      await redis.set(keys.rate('pace'), Date.now() * 1_000 + 1e6 / perSecond);
    },
  };
}

const mails = (count: number, name = 'mail') => Array.from({ length: count }, (_, i) => `${name}-${i}`);
const gaps = (instants: number[]) => instants.slice(1).map((at, i) => at - (instants[i] ?? Number.NaN));
const subjectTo = (lane: Lane, since = 1, stops: string[] = []): Terms => ({ lane, since, stops });
const waitOf = (turn: Turn) => ('waitMs' in turn ? turn.waitMs : Number.NaN);

/** What a worker does with a mail: waits as told, and claims it when its slot has come. Gives when it left, Unix ms. */
async function send(rates: Rates, sends: Sends, id: string, terms: Terms): Promise<number> {
  for (let turn = await rates.reserve(id, terms); ; turn = await rates.reserve(id, terms)) {
    await sleep(waitOf(turn));
    if (turn.kind === 'slot') break;
  }
  for (;;) {
    const claimed = await sends.claim(id, 'claim', terms);
    if (claimed.kind === 'claimed') return (await sends.read(id))?.dispatchedAt ?? Number.NaN;
    await sleep(claimed.kind === 'too_early' ? claimed.waitMs : 1);
  }
}

describe('slots for sending', () => {
  it('a hundred mails at once are told to come 20 ms apart at 50 a second, in the order in which they were asked for', async () => {
    const { here } = accountOf(50);
    const turns = [];
    for (const [i, id] of mails(100).entries()) turns.push(await here.reserve(id, subjectTo('transactional', i)));
    expect(turns[0]).toEqual({ kind: 'slot', waitMs: 0 });
    const waits = turns.filter(({ kind }) => kind === 'queued').map(waitOf);
    expect(waits.length).toBeGreaterThan(40);
    expect(Math.max(...waits)).toBeLessThanOrEqual(980); // a second less than the last slot is away
    for (const gap of gaps(waits)) expect(gap).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeGreaterThan(600);
  });

  it('a mail that asks twice keeps its place, and nobody behind it is pushed back', async () => {
    const { here, place } = accountOf(1);
    for (const [i, id] of ['grace', 'ada', 'next'].entries()) await here.reserve(id, subjectTo('marketing', i));
    expect([await place('ada'), await place('next')]).toEqual([0, 1]);
    await here.reserve('ada', subjectTo('marketing', 1));
    await here.reserve('next', subjectTo('marketing', 2));
    expect([await place('ada'), await place('next')]).toEqual([0, 1]);
  });

  it('who asked first goes first, also when a slow worker brings it last', async () => {
    const { here, place } = accountOf(1);
    await here.reserve('sent', subjectTo('marketing', 1));
    for (const id of mails(20)) await here.reserve(id, subjectTo('marketing', 2_000));
    const turn = await here.reserve('late', subjectTo('marketing', 1_000));
    expect(await place('late')).toBe(0);
    expect(waitOf(turn)).toBeLessThan(1_000);
  });

  it('a mail that has its slot finds it again; once it is used up, the next attempt books another at once', async () => {
    const { here, slot, leave } = accountOf(10);
    await here.reserve('ada', subjectTo('marketing'));
    const first = await slot('ada');
    await here.reserve('ada', subjectTo('marketing'));
    expect(await slot('ada')).toBe(first);
    await leave('ada');
    for (const id of mails(50, 'behind')) await here.reserve(id, subjectTo('marketing', 2));
    const again = await here.reserve('ada', subjectTo('marketing', 1));
    expect(waitOf(again)).toBeLessThan(500);
  });

  it('who was told to come and does not is not waited for', async () => {
    const { here, keys, place } = accountOf(1);
    for (const [i, id] of ['grace', 'gone', 'ada'].entries()) await here.reserve(id, subjectTo('marketing', i));
    expect(await place('ada')).toBe(1);
    await redis.zadd(keys.rate('told-marketing'), (Date.now() - 3_000) * 1_000, 'gone');
    await here.reserve('ada', subjectTo('marketing', 2));
    expect(await place('ada')).toBe(0);
    await here.reserve('gone', subjectTo('marketing', 1));
    expect([await place('gone'), await place('ada')]).toEqual([0, 1]);
  });

  it('two workers share the account: marketing and receipts together keep to its rate, and to the order', async () => {
    const { here, there, sends } = accountOf(50);
    const [offers, receipts] = [mails(100, 'offer'), mails(30, 'receipt')];
    const [offersLeft, receiptsLeft] = await Promise.all([
      Promise.all(offers.map((id, i) => send(i % 2 ? here : there, sends, id, subjectTo('marketing', i)))),
      Promise.all(receipts.map((id, i) => send(there, sends, id, subjectTo('transactional', i)))),
    ]);
    const left = [...offersLeft, ...receiptsLeft].sort((a, b) => a - b);
    const mostInOneSecond = Math.max(
      ...left.map((from) => left.filter((at) => at >= from && at < from + 1_000).length),
    );
    expect(mostInOneSecond).toBeLessThanOrEqual(51);
    expect(mostInOneSecond).toBeGreaterThan(25);
    const order = [...offersLeft.keys()].sort((a, b) => (offersLeft[a] ?? 0) - (offersLeft[b] ?? 0));
    expect(Math.max(...order.map((index, place) => place - index))).toBeLessThan(50);
  }, 30_000);

  it('a receipt in the middle of a thousand marketing mails gets a slot within 300 ms and one interval', async () => {
    const { here } = accountOf(200);
    const crowd = await Promise.all(mails(1_000).map((id, i) => here.reserve(id, subjectTo('marketing', i))));
    expect(crowd.filter(({ kind }) => kind === 'queued').length).toBeGreaterThan(900);
    expect(Math.max(...crowd.map(waitOf))).toBeGreaterThan(4_000);
    const turn = await here.reserve('receipt', subjectTo('transactional'));
    expect(turn.kind).toBe('slot');
    expect(waitOf(turn)).toBeLessThanOrEqual(305);
  });

  it('under a flood of receipts marketing waits', async () => {
    const { here, slot } = accountOf(10);
    for (const id of mails(9, 'receipt'))
      expect((await here.reserve(id, subjectTo('transactional'))).kind).toBe('slot');
    const turn = await here.reserve('offer', subjectTo('marketing'));
    expect(turn.kind).toBe('queued');
    expect(waitOf(turn)).toBeGreaterThan(300);
    expect(await slot('offer')).toBeNaN();
  });

  it('slots that have long passed are void: mails do not leave together after a pause', async () => {
    const { here, keys, slots } = accountOf(50);
    const ids = mails(10);
    for (const id of ids) await here.reserve(id, subjectTo('transactional'));
    for (const id of ids) await redis.zadd(keys.rate('slots'), (Date.now() - 5_000) * 1_000, id);
    for (const id of ids) expect((await here.reserve(id, subjectTo('transactional'))).kind).toBe('slot');
    const booked = await slots(ids);
    expect(booked[0]).toBeGreaterThan((Date.now() - 1_000) * 1_000);
    expect((booked[9] ?? 0) - (booked[0] ?? 0)).toBeGreaterThan(9 * 19_000 - 100_000);
  });

  it('what is stopped, or over the day’s quota, takes no place', async () => {
    const { here, place, stops, account } = accountOf(1);
    await here.reserve('first', subjectTo('marketing'));
    await stops.pause('topic:offers');
    const offer = subjectTo('marketing', 1, ['pause/all', 'pause/topic:offers']);
    expect(await here.reserve('offer', offer)).toEqual({ kind: 'stopped', by: 'pause/topic:offers' });
    await account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 95 });
    expect(await here.reserve('other', subjectTo('marketing'))).toEqual({ kind: 'no_quota' });
    expect((await here.reserve('receipt', subjectTo('transactional'))).kind).toBe('slot');
    expect([await place('offer'), await place('other')]).toEqual([Number.NaN, Number.NaN]);
  });

  it('mails that are held ask again at the rate at which they could leave', async () => {
    const { here } = accountOf(50);
    const waits = await Promise.all(mails(101).map(() => here.park('marketing', 1_000)));
    expect(Math.min(...waits)).toBe(1_000);
    expect(Math.max(...waits)).toBeGreaterThan(2_500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(3_000);
    expect(await here.park('transactional', 1_000)).toBe(1_000);
  });

  it('nothing is kept for ever', async () => {
    const { here, keys } = accountOf(1);
    for (const id of ['grace', 'ada']) await here.reserve(id, subjectTo('marketing'));
    await here.park('marketing', 1);
    for (const bucket of ['slots', 'marketing', 'told-marketing', 'parked-marketing'])
      expect(await redis.pttl(keys.rate(bucket))).toBeGreaterThan(0);
  });
});

describe('the pace of the account', () => {
  const limits = { max24Hours: -1, sent24Hours: 0 };

  it('is what is configured, or what the provider allows if that is less', async () => {
    const { account } = accountOf(50);
    expect((await account.state()).perSecond).toBeCloseTo(50, 1);
    await account.allowed({ ...limits, maxPerSecond: 14 });
    expect((await account.state()).perSecond).toBeCloseTo(14, 1);
    await account.allowed({ ...limits, maxPerSecond: 200 });
    expect((await account.state()).perSecond).toBeCloseTo(50, 1);
  });

  it('falls by 15 % at a throttle, once for all that were throttled together, and comes back within a minute', async () => {
    const { account, keys } = accountOf(100);
    await Promise.all(mails(20).map(() => account.throttled()));
    expect((await account.state()).perSecond).toBeCloseTo(85, 0);
    const ago = async (seconds: number) => redis.hset(keys.account(), 'cut_at', (Date.now() - seconds * 1_000) * 1_000);
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
      await redis.hset(keys.account(), 'cut_at', (Date.now() - 1_500) * 1_000);
      await account.throttled();
    }
    expect((await account.state()).perSecond).toBeGreaterThanOrEqual(9.9);
    expect((await account.state()).perSecond).toBeLessThan(12);
  });

  it.each([1, 400, 3_600, 86_400])(
    'a clock that was set back by %i s leaves a limit, and throttles still count',
    async (seconds) => {
      const { account, keys } = accountOf(20);
      const ahead = String((Date.now() + seconds * 1_000) * 1_000);
      await redis.hset(keys.account(), 'factor', '0.85', 'cut_at', ahead);
      const before = (await account.state()).perSecond;
      expect(before).toBeGreaterThanOrEqual(16.9);
      expect(before).toBeLessThanOrEqual(20);
      await redis.hset(keys.account(), 'cut_at', String((Date.now() + (seconds + 2) * 1_000) * 1_000));
      await account.throttled();
      expect((await account.state()).perSecond).toBeLessThan(before);
    },
  );

  it('a clock that was set back holds no mail until that time comes again', async () => {
    const { here, sends, keys, slot } = accountOf(20);
    const hour = 3_600_000_000;
    await redis.set(keys.rate('pace'), String(Date.now() * 1_000 + hour), 'PX', 3_601_000);
    await redis.zadd(keys.rate('slots'), Date.now() * 1_000 + hour, 'of-before');
    const turn = await here.reserve('mail', subjectTo('marketing'));
    expect(turn.kind).toBe('slot');
    expect(waitOf(turn)).toBeLessThanOrEqual(50);
    expect(await sends.claim('mail', 'claim', subjectTo('marketing'))).toEqual({ kind: 'claimed' });
    expect(await slot('of-before')).toBeNaN();
    expect(await sends.claim('next', 'claim', subjectTo('marketing'))).toMatchObject({ kind: 'too_early' });
  });

  it('a refusal for the day’s quota stops everybody, until a reading shows that there is room', async () => {
    const { account, here } = accountOf(50);
    await account.quotaSpent(60_000);
    expect(await here.reserve('receipt', subjectTo('transactional'))).toEqual({ kind: 'no_quota' });
    await account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 100 });
    expect(await here.reserve('receipt', subjectTo('transactional'))).toEqual({ kind: 'no_quota' });
    await account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 50 });
    expect((await here.reserve('receipt', subjectTo('transactional'))).kind).toBe('slot');
    expect((await account.state()).quotaLeft).toBe(50);
  });

  it('is read by one worker at a time, and not again before it is due', async () => {
    const { account } = accountOf(50);
    const asked = await Promise.all(mails(20).map(() => account.readingIsDue(60_000)));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });

  it('reading calls take turns, more than a second apart', async () => {
    const { account } = accountOf(50);
    expect(await account.readingTurn()).toBe(0);
    const next = await account.readingTurn();
    expect(next).toBeGreaterThan(1_000);
    expect(next).toBeLessThanOrEqual(1_100);
  });
});
