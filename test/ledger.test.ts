import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import type { Keys } from '../state/keys.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createSends, type SendRecord, type Sends } from '../state/sends.ts';
import { free, ledger, mail, options } from './support/ledger.ts';

let redis: Redis;
let other: Redis;
let keys: Keys;
let sends: Sends;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  other = connectRedis(inject('servers').redis, () => {});
  await Promise.all([redisReady(redis), redisReady(other)]);
  ({ keys, sends } = ledger(redis));
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});

describe('the ledger of mails', () => {
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
    const { sends } = ledger(redis);
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
