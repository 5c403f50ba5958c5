import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import { createKeys, type Keys, messageTag } from '../state/keys.ts';
import type { Terms } from '../state/rates.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createSends, type SendRecord, type Sends } from '../state/sends.ts';
import { createStops } from '../state/stops.ts';
import { createAccount } from '../state/account.ts';

const secret = 'ab'.repeat(32);
const keyPrefix = `ledger-test-${randomUUID()}:`;
const options = { rememberMs: 60_000, perSecond: 100_000, quotaReserve: 0.1 };
/** Nothing stops it. */
const free: Terms = { lane: 'transactional', since: 1, stops: [] };

let redis: Redis;
let other: Redis;
let keys: Keys;
let sends: Sends;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  other = connectRedis(inject('servers').redis, () => {});
  await Promise.all([redisReady(redis), redisReady(other)]);
  keys = createKeys(keyPrefix, secret);
  sends = createSends(redis, keys, options);
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});

const mail = () => messageTag(randomUUID());

/** A ledger, a feed and an account of their own. */
function alone(perSecond = options.perSecond) {
  const mine = createKeys(`${keyPrefix}${randomUUID()}:`, secret);
  return {
    keys: mine,
    sends: createSends(redis, mine, { ...options, perSecond }),
    stops: createStops(redis, mine),
    account: createAccount(redis, mine, perSecond),
  };
}

describe('the ledger of mails', () => {
  const mail = () => messageTag(randomUUID());
  const stateOf = async (tag: string) => (await sends.read(tag))?.state;
  async function claimed(claim = 'first'): Promise<string> {
    const tag = mail();
    expect(await sends.claim(tag, claim, free)).toEqual({ kind: 'claimed' });
    return tag;
  }
  /** A mail in each state that it can be in. */
  const inState: Record<SendRecord['state'], () => Promise<string>> = {
    dispatching: () => claimed(),
    async accepted() {
      const tag = await claimed();
      await sends.accept(tag, 'ses-1');
      return tag;
    },
    async released() {
      const tag = await claimed();
      await sends.release(tag, 'first');
      return tag;
    },
    async refused() {
      const tag = await claimed();
      await sends.conclude(tag, 'refused', 'virus');
      return tag;
    },
    async unknown() {
      const tag = await claimed();
      await sends.conclude(tag, 'unknown', 'silence');
      return tag;
    },
  };

  it('knows nothing of a mail that nobody claimed', async () => {
    const tag = mail();
    expect(await sends.read(tag)).toBeUndefined();
    expect(await sends.accept(tag, 'ses-1')).toBe('no_record');
    expect(await sends.confirm(tag, 'ses-1')).toBe('no_record');
    expect(await sends.release(tag, 'first')).toBe(0);
    expect(await sends.read(tag)).toBeUndefined();
  });

  it('a claim is written down before the call, by the clock of Redis', async () => {
    const tag = await claimed();
    const record = await sends.read(tag);
    expect(record).toMatchObject({ state: 'dispatching', claim: 'first', failures: 0, sentAgain: false });
    expect(Math.abs((record?.dispatchedAt ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(record?.ageMs).toBeGreaterThanOrEqual(0);
    expect(await redis.pttl(keys.send(tag))).toBeGreaterThan(50_000);
  });

  it('of 50 attempts at once on two connections one gets the mail', async () => {
    const tag = mail();
    const overThere = createSends(other, keys, options);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? overThere : sends).claim(tag, `claim-${i}`, free)),
    );
    const winners = answers.flatMap(({ kind }, i) => (kind === 'claimed' ? [`claim-${i}`] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'taken')).toHaveLength(49);
    expect(await sends.read(tag)).toMatchObject({ claim: winners[0] });
  });

  it('accepted: the id is kept', async () => {
    const tag = await inState.accepted();
    expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('accepted is never overwritten', async () => {
    const tag = await inState.accepted();
    expect(await sends.claim(tag, 'second', free)).toEqual({ kind: 'taken' });
    expect(await sends.claim(tag, 'second', free, { over: 'first' })).toEqual({ kind: 'taken' });
    expect(await sends.release(tag, 'first')).toBe(0);
    await sends.conclude(tag, 'refused', 'late');
    await sends.conclude(tag, 'unknown', 'late');
    expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1', claim: 'first' });
  });

  it('an answer without an id, after the feed has told the id, does not forget it', async () => {
    const tag = await claimed();
    await sends.confirm(tag, 'ses-1');
    await sends.accept(tag, '');
    expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('an id that was lost with the answer comes with the feed', async () => {
    const tag = await claimed();
    await sends.accept(tag, '');
    expect(await sends.read(tag)).not.toHaveProperty('providerId');
    await sends.confirm(tag, 'ses-1');
    expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('released: failures are counted, and anybody may claim at once', async () => {
    const tag = await claimed();
    expect(await sends.release(tag, 'first')).toBe(1);
    expect(await stateOf(tag)).toBe('released');
    expect(await sends.claim(tag, 'second', free)).toEqual({ kind: 'claimed' });
    expect(await sends.release(tag, 'second')).toBe(2);
    expect(await sends.read(tag)).toMatchObject({ state: 'released', failures: 2 });
  });

  it('only the claim that holds can be released', async () => {
    const tag = await claimed();
    expect(await sends.release(tag, 'another')).toBe(0);
    expect(await stateOf(tag)).toBe('dispatching');
  });

  it('a dead attempt is taken over by its name, once', async () => {
    const tag = await claimed();
    expect(await sends.claim(tag, 'second', free)).toEqual({ kind: 'taken' });
    expect(await sends.claim(tag, 'second', free, { over: 'another' })).toEqual({ kind: 'taken' });
    expect(await sends.claim(tag, 'second', free, { over: 'first' })).toEqual({ kind: 'claimed' });
    expect(await sends.claim(tag, 'third', free, { over: 'first' })).toEqual({ kind: 'taken' });
    expect(await sends.read(tag)).toMatchObject({ claim: 'second', sentAgain: false });
  });

  it('a second sending that may be a duplicate is remembered', async () => {
    const tag = await claimed();
    await sends.claim(tag, 'second', free, { over: 'first', possibleDuplicate: true });
    expect(await sends.read(tag)).toMatchObject({ state: 'dispatching', sentAgain: true });
  });

  it.each(['refused', 'unknown'] as const)('%s: nobody may claim it', async (outcome) => {
    const tag = await inState[outcome]();
    expect(await sends.claim(tag, 'second', free)).toEqual({ kind: 'taken' });
    expect(await sends.claim(tag, 'second', free, { over: 'first' })).toEqual({ kind: 'taken' });
    expect(await sends.release(tag, 'first')).toBe(0);
    expect(await stateOf(tag)).toBe(outcome);
  });

  it.each(['dispatching', 'released', 'refused', 'unknown'] as const)(
    '%s: the feed may still say it left',
    async (state) => {
      const tag = await inState[state]();
      expect(await sends.confirm(tag, 'ses-9')).toBe('told');
      expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-9' });
    },
  );

  it.each(['unknown', 'refused'] as const)('%s: a late answer may still say it left', async (state) => {
    const tag = await inState[state]();
    expect(await sends.accept(tag, 'ses-9')).toBe('told');
    expect(await stateOf(tag)).toBe('accepted');
  });

  it('the reason of a refusal is kept', async () => {
    expect(await sends.read(await inState.refused())).toMatchObject({ detail: 'virus' });
  });

  it('a mail that the provider took under two ids has left twice: the first id stays, and somebody is told', async () => {
    const tag = await inState.accepted();
    expect(await sends.accept(tag, 'ses-2')).toBe('again');
    expect(await sends.confirm(tag, 'ses-2')).toBe('again');
    expect(await sends.confirm(tag, 'ses-1')).toBe('told');
    expect(await sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('a claim that still holds is renewed and counts from now; one that was taken over is not', async () => {
    const tag = await claimed();
    await redis.hincrby(keys.send(tag), 'at', -5_000);
    expect(await sends.renew(tag, 'first')).toBe(true);
    expect((await sends.read(tag))?.ageMs).toBeLessThan(4_000);
    await sends.claim(tag, 'second', free, { over: 'first' });
    expect(await sends.renew(tag, 'first')).toBe(false);
    await sends.accept(tag, 'ses-1');
    expect(await sends.renew(tag, 'second')).toBe(false);
  });

  it('an entry that does not say when it was dispatched counts from when it is first read', async () => {
    const tag = mail();
    await redis.hset(keys.send(tag), { state: 'dispatching', claim: 'old' });
    expect(await sends.read(tag)).toMatchObject({ state: 'dispatching', claim: 'old', failures: 0, sentAgain: false });
    const first = await sends.read(tag);
    expect(Math.abs((first?.dispatchedAt ?? 0) - Date.now())).toBeLessThan(5_000);
    expect((await sends.read(tag))?.dispatchedAt).toBe(first?.dispatchedAt);
  });

  it('goes on when Redis has forgotten its scripts', async () => {
    const tag = await claimed();
    await redis.script('FLUSH');
    expect(await sends.accept(tag, 'ses-1')).toBe('told');
    expect(await stateOf(tag)).toBe('accepted');
  });
});

describe('what the event feed tells', () => {
  /** Two mails, the second dispatched later: the ledger counts milliseconds, and they must not fall into one. */
  async function twoMails() {
    const { sends } = alone();
    const [early, late] = [mail(), mail()];
    await sends.claim(early, 'a', free);
    await vi.waitFor(async () => expect((await sends.read(early))?.ageMs).toBeGreaterThan(0), { interval: 1 });
    await sends.claim(late, 'b', free);
    const at = async (tag: string) => (await sends.read(tag))?.dispatchedAt ?? 0;
    return { sends, early, late, first: await at(early), second: await at(late) };
  }

  it('a confirmed mail shows that the feed has passed every earlier one, and no later one', async () => {
    const { sends, early, late, first, second } = await twoMails();
    expect(await sends.feedSince(first, 0)).toBe('silent');
    await sends.confirm(late, 'ses-2');
    expect(await sends.feedSince(first, 0)).toBe('passed');
    expect(await sends.feedSince(second, 0)).toBe('quiet');
    await sends.confirm(early, 'ses-1');
    expect(await sends.feedSince(first, 0)).toBe('passed');
  });

  it('is behind while what it told within the window has not all been taken in', async () => {
    const { sends, late, first } = await twoMails();
    await sends.confirm(late, 'ses-2');
    await sends.feedRead(60_000);
    expect(await sends.feedSince(first, 0)).toBe('behind');
    await sends.feedRead(0);
    expect(await sends.feedSince(first, 0)).toBe('passed');
    expect(await sends.feedSince(first, 60_000)).toBe('behind');
  });
});

describe('a claim', () => {
  it('is refused by a gate or a pause that concerns the mail, and leaves no trace then', async () => {
    const { sends, stops } = alone();
    const tag = mail();
    const terms: Terms = { lane: 'marketing', since: 1, stops: ['gate/account', 'pause/journey:onboarding'] };
    await stops.pause('journey:onboarding');
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'stopped', by: 'pause/journey:onboarding' });
    await stops.close({ scope: 'account', reason: 'SendingPausedException', detail: '', opens: 'probe' });
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'stopped', by: 'gate/account' });
    expect(await sends.read(tag)).toBeUndefined();
    await stops.open('account');
    await stops.resume('journey:onboarding');
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'claimed' });
  });

  it('comes no sooner than nine tenths of an interval after the one before it', async () => {
    const { sends } = alone(4);
    expect(await sends.claim(mail(), 'a', free)).toEqual({ kind: 'claimed' });
    const tag = mail();
    const early = await sends.claim(tag, 'b', free);
    expect(early).toEqual({ kind: 'too_early', waitMs: expect.any(Number) });
    expect(early.kind === 'too_early' && early.waitMs).toBeGreaterThan(100);
    expect(early.kind === 'too_early' && early.waitMs).toBeLessThanOrEqual(225);
    expect(await sends.read(tag)).toBeUndefined();
  });

  it('that has to wait for the disk holds once it is there; where Redis cannot wait, nobody is called and nothing is in doubt', async () => {
    const careful = createSends(redis, keys, { ...options, waitForDisk: true });
    const [, major = '0', minor = '0'] = /redis_version:(\d+)\.(\d+)/.exec(await redis.info('server')) ?? [];
    const canWait = Number(major) * 100 + Number(minor) >= 702;
    const tag = mail();
    const claimed = careful.claim(tag, 'first', free);
    if (canWait) expect(await claimed).toEqual({ kind: 'claimed' });
    else await expect(claimed).rejects.toThrow('WAITAOF');
    expect(await sends.read(tag)).toMatchObject({ state: canWait ? 'dispatching' : 'released' });
  });

  it('is refused when the day’s quota is spent, marketing already when only the reserve is left', async () => {
    const { sends, account } = alone();
    await account.allowed({ maxPerSecond: 100_000, max24Hours: 100, sent24Hours: 90 });
    expect(await sends.claim(mail(), 'a', { ...free, lane: 'marketing' })).toEqual({ kind: 'no_quota' });
    const answers = [];
    for (let i = 0; i < 11; i++) answers.push((await sends.claim(mail(), 'a', free)).kind);
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'claimed'), 'no_quota']);
  });
});
