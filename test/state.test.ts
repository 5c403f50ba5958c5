import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Event } from '../events/index.ts';
import { createKeys, type Keys, messageKey, messageTag } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { createRates } from '../state/rates.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createSends, type SendRecord } from '../state/sends.ts';
import { person } from './support/events.ts';

const secret = 'ab'.repeat(32);
const keyPrefix = `state-test-${randomUUID()}:`;
const monday = 1_760_000_000_000;
const tuesday = monday + 86_400_000;
const wednesday = tuesday + 86_400_000;

let redis: Redis;
let other: Redis;
let keys: Keys;
let memory: Memory;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  other = connectRedis(inject('servers').redis, () => {});
  await Promise.all([redisReady(redis), redisReady(other)]);
  keys = createKeys(keyPrefix, secret);
  memory = createMemory(redis, { keyPrefix, secret, rateLimit: 50, rememberSendsMs: 60_000 });
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});

const someone = () => person('ada').user_id;

describe('who people are', () => {
  it('nobody is known before anything was said', async () => {
    expect(await memory.contacts.find(someone())).toEqual({});
  });

  it('what Ada says on Tuesday stands when her Monday arrives late', async () => {
    const ada = someone();
    await memory.contacts.record(ada, { email: 'ada@new.example', name: 'Ada' }, tuesday);
    await memory.contacts.record(ada, { email: 'ada@old.example', country: 'DE' }, monday);
    expect(await memory.contacts.find(ada)).toEqual({ email: 'ada@new.example', name: 'Ada', country: 'DE' });
  });

  it('what she says on Tuesday is added to her Monday', async () => {
    const ada = someone();
    await memory.contacts.record(ada, { email: 'ada@old.example', name: 'Ada' }, monday);
    await memory.contacts.record(ada, { email: 'ada@new.example', locale: 'pt-BR' }, tuesday);
    expect(await memory.contacts.find(ada)).toEqual({ email: 'ada@new.example', name: 'Ada', locale: 'pt-BR' });
  });

  it('saying nothing changes nothing', async () => {
    const ada = someone();
    await memory.contacts.record(ada, { email: 'ada@old.example' }, monday);
    await memory.contacts.record(ada, {}, tuesday);
    expect(await memory.contacts.find(ada)).toEqual({ email: 'ada@old.example' });
  });
});

describe('what people agreed to', () => {
  const agrees = (ada: string, at: number, captured_at?: number) =>
    memory.consents.grant(ada, { topics: ['offers'], ...(captured_at && { captured_at }) }, at);
  const optsOut = (ada: string, at: number) => memory.consents.revoke(ada, 'offers', at, 'link');

  it('is one topic, not another', async () => {
    const ada = someone();
    await agrees(ada, monday);
    expect(await memory.consents.stateOf(ada, 'offers')).toBe('granted');
    expect(await memory.consents.stateOf(ada, 'onboarding')).toBe('none');
  });

  it('an opt-out on Tuesday stands when an event of Wednesday carries the consent of Monday', async () => {
    const ada = someone();
    await agrees(ada, monday);
    await optsOut(ada, tuesday);
    await agrees(ada, wednesday, monday);
    expect(await memory.consents.stateOf(ada, 'offers')).toBe('revoked');
  });

  it('a consent given on Wednesday counts again', async () => {
    const ada = someone();
    await optsOut(ada, tuesday);
    await agrees(ada, wednesday);
    expect(await memory.consents.stateOf(ada, 'offers')).toBe('granted');
  });

  it('an opt-out that arrives late is older than the consent of Wednesday', async () => {
    const ada = someone();
    await agrees(ada, wednesday);
    await optsOut(ada, tuesday);
    expect(await memory.consents.stateOf(ada, 'offers')).toBe('granted');
  });

  it('at the same instant the opt-out counts, whichever comes first', async () => {
    const [ada, grace] = [someone(), someone()];
    await agrees(ada, monday);
    await optsOut(ada, monday);
    await optsOut(grace, monday);
    await agrees(grace, monday);
    expect(await memory.consents.stateOf(ada, 'offers')).toBe('revoked');
    expect(await memory.consents.stateOf(grace, 'offers')).toBe('revoked');
  });
});

describe('who must not be mailed', () => {
  it.each(['ada@bücher.example', ' ADA@BÜCHER.Example ', 'Ada@xn--bcher-kva.example'])(
    'is found as %s',
    async (spelling) => {
      await memory.suppressions.add('ada@bücher.example', 'complaint', monday);
      expect(await memory.suppressions.reasonFor(spelling)).toBe('complaint');
    },
  );

  it('is not somebody else: dots and tags are other mailboxes', async () => {
    await memory.suppressions.add('grace@example.com', 'hard_bounce', monday);
    for (const address of ['gr.ace@example.com', 'grace+x@example.com', 'grace@example.org'])
      expect(await memory.suppressions.reasonFor(address)).toBeUndefined();
  });

  it('stands in Redis without the address, and differently under another secret', async () => {
    await memory.suppressions.add('hopper@example.com', 'manual', monday);
    expect((await redis.keys(`${keyPrefix}suppression:*`)).join()).not.toMatch(/hopper|@/);
    expect(createKeys(keyPrefix, 'cd'.repeat(32)).suppression('hopper@example.com')).not.toBe(
      keys.suppression('hopper@example.com'),
    );
  });
});

describe('the name of a mail', () => {
  it('tells events, templates and keys apart', () => {
    const names = [
      messageKey('e1', 'welcome'),
      messageKey('e2', 'welcome'),
      messageKey('e1', 'receipt'),
      messageKey('e1', 'welcome', 'second'),
    ];
    expect(new Set(names.map(messageTag)).size).toBe(4);
    for (const name of names) expect(messageTag(name)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('the ledger of mails', () => {
  const mail = () => messageTag(randomUUID());
  const stateOf = async (tag: string) => (await memory.sends.read(tag))?.state;
  async function claimed(claim = 'first'): Promise<string> {
    const tag = mail();
    expect(await memory.sends.claim(tag, claim)).toBeUndefined();
    return tag;
  }
  /** A mail in each state that it can be in. */
  const inState: Record<SendRecord['state'], () => Promise<string>> = {
    dispatching: () => claimed(),
    async accepted() {
      const tag = await claimed();
      await memory.sends.accept(tag, 'ses-1');
      return tag;
    },
    async released() {
      const tag = await claimed();
      await memory.sends.release(tag, 'first');
      return tag;
    },
    async refused() {
      const tag = await claimed();
      await memory.sends.conclude(tag, 'refused', 'virus');
      return tag;
    },
    async unknown() {
      const tag = await claimed();
      await memory.sends.conclude(tag, 'unknown', 'silence');
      return tag;
    },
  };

  it('knows nothing of a mail that nobody claimed', async () => {
    const tag = mail();
    expect(await memory.sends.read(tag)).toBeUndefined();
    expect(await memory.sends.accept(tag, 'ses-1')).toBe(false);
    expect(await memory.sends.confirm(tag, 'ses-1')).toBe(false);
    expect(await memory.sends.release(tag, 'first')).toBe(0);
    expect(await memory.sends.read(tag)).toBeUndefined();
  });

  it('a claim is written down before the call, by the clock of Redis', async () => {
    const tag = await claimed();
    const record = await memory.sends.read(tag);
    expect(record).toMatchObject({ state: 'dispatching', claim: 'first', failures: 0, sentAgain: false });
    expect(Math.abs((record?.dispatchedAt ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(record?.ageMs).toBeGreaterThanOrEqual(0);
    expect(await redis.pttl(keys.send(tag))).toBeGreaterThan(50_000);
  });

  it('of 50 attempts at once on two connections one gets the mail, and the others are told who', async () => {
    const tag = mail();
    const overThere = createSends(other, keys, 60_000);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? overThere : memory.sends).claim(tag, `claim-${i}`)),
    );
    const losers = answers.filter((answer) => answer !== undefined);
    expect(losers).toHaveLength(49);
    const winner = `claim-${answers.indexOf(undefined)}`;
    expect(new Set(losers.map(({ claim }) => claim))).toEqual(new Set([winner]));
  });

  it('accepted: the id is kept', async () => {
    const tag = await inState.accepted();
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('accepted is never overwritten', async () => {
    const tag = await inState.accepted();
    expect(await memory.sends.claim(tag, 'second')).toMatchObject({ state: 'accepted' });
    expect(await memory.sends.claim(tag, 'second', { over: 'first' })).toMatchObject({ state: 'accepted' });
    expect(await memory.sends.release(tag, 'first')).toBe(0);
    await memory.sends.conclude(tag, 'refused', 'late');
    await memory.sends.conclude(tag, 'unknown', 'late');
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1', claim: 'first' });
  });

  it('an answer without an id, after the feed has told the id, does not forget it', async () => {
    const tag = await claimed();
    await memory.sends.confirm(tag, 'ses-1');
    await memory.sends.accept(tag, '');
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('an id that was lost with the answer comes with the feed', async () => {
    const tag = await claimed();
    await memory.sends.accept(tag, '');
    expect(await memory.sends.read(tag)).not.toHaveProperty('providerId');
    await memory.sends.confirm(tag, 'ses-1');
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
  });

  it('released: failures are counted, and anybody may claim at once', async () => {
    const tag = await claimed();
    expect(await memory.sends.release(tag, 'first')).toBe(1);
    expect(await stateOf(tag)).toBe('released');
    expect(await memory.sends.claim(tag, 'second')).toBeUndefined();
    expect(await memory.sends.release(tag, 'second')).toBe(2);
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'released', failures: 2 });
  });

  it('only the claim that holds can be released', async () => {
    const tag = await claimed();
    expect(await memory.sends.release(tag, 'another')).toBe(0);
    expect(await stateOf(tag)).toBe('dispatching');
  });

  it('a dead attempt is taken over by its name, once', async () => {
    const tag = await claimed();
    expect(await memory.sends.claim(tag, 'second')).toMatchObject({ state: 'dispatching', claim: 'first' });
    expect(await memory.sends.claim(tag, 'second', { over: 'another' })).toMatchObject({ claim: 'first' });
    expect(await memory.sends.claim(tag, 'second', { over: 'first' })).toBeUndefined();
    expect(await memory.sends.claim(tag, 'third', { over: 'first' })).toMatchObject({ claim: 'second' });
    expect(await memory.sends.read(tag)).toMatchObject({ claim: 'second', sentAgain: false });
  });

  it('a second sending that may be a duplicate is remembered', async () => {
    const tag = await claimed();
    await memory.sends.claim(tag, 'second', { over: 'first', possibleDuplicate: true });
    expect(await memory.sends.read(tag)).toMatchObject({ state: 'dispatching', sentAgain: true });
  });

  it.each(['refused', 'unknown'] as const)('%s: nobody may claim it', async (outcome) => {
    const tag = await inState[outcome]();
    expect(await memory.sends.claim(tag, 'second')).toMatchObject({ state: outcome });
    expect(await memory.sends.claim(tag, 'second', { over: 'first' })).toMatchObject({ state: outcome });
    expect(await memory.sends.release(tag, 'first')).toBe(0);
    expect(await stateOf(tag)).toBe(outcome);
  });

  it.each(['dispatching', 'released', 'refused', 'unknown'] as const)(
    '%s: the feed may still say it left',
    async (state) => {
      const tag = await inState[state]();
      expect(await memory.sends.confirm(tag, 'ses-9')).toBe(true);
      expect(await memory.sends.read(tag)).toMatchObject({ state: 'accepted', providerId: 'ses-9' });
    },
  );

  it.each(['unknown', 'refused'] as const)('%s: a late answer may still say it left', async (state) => {
    const tag = await inState[state]();
    expect(await memory.sends.accept(tag, 'ses-9')).toBe(true);
    expect(await stateOf(tag)).toBe('accepted');
  });

  it('the reason of a refusal is kept', async () => {
    expect(await memory.sends.read(await inState.refused())).toMatchObject({ detail: 'virus' });
  });

  it('a confirmed mail tells that the feed has passed every earlier one, and no later one', async () => {
    const fresh = createKeys(`${keyPrefix}feed-${randomUUID()}:`, secret);
    const sends = createSends(redis, fresh, 60_000);
    const [early, late] = [mail(), mail()];
    await sends.claim(early, 'a');
    const first = (await sends.read(early))?.dispatchedAt ?? 0;
    expect(await sends.feedHasPassed(first)).toBe(false);
    await sleep(5); // the ledger counts milliseconds: the two must not fall into one
    await sends.claim(late, 'b');
    const second = (await sends.read(late))?.dispatchedAt ?? 0;
    await sends.confirm(late, 'ses-2');
    expect(await sends.feedHasPassed(first)).toBe(true);
    expect(await sends.feedHasPassed(second)).toBe(false);
    await sends.confirm(early, 'ses-1');
    expect(await sends.feedHasPassed(first)).toBe(true);
  });

  it('goes on when Redis has forgotten its scripts', async () => {
    const tag = await claimed();
    await redis.script('FLUSH');
    expect(await memory.sends.accept(tag, 'ses-1')).toBe(true);
    expect(await stateOf(tag)).toBe('accepted');
  });
});

describe('slots for sending', () => {
  const second = 1_000_000;
  /** Rates of their own, so that no test takes a slot of another. */
  function lanes(perSecond: number, connection = redis) {
    const mine = createKeys(`${keyPrefix}rates-${randomUUID()}:`, secret);
    return {
      keys: mine,
      rates: createRates(connection, mine, perSecond),
      elsewhere: createRates(other, mine, perSecond),
      /** The instant of a mail's slot of the account, in µs; undefined while it has none. */
      async slot(id: string): Promise<number | undefined> {
        const at = await redis.hget(mine.reservation(id), 'account');
        return at === null ? undefined : Number(at);
      },
      async slots(ids: string[]): Promise<number[]> {
        const found = await Promise.all(ids.map((id) => this.slot(id)));
        return found.map((at) => at ?? Number.NaN).sort((a, b) => a - b);
      },
    };
  }
  const ids = (count: number, name = 'mail') => Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const gaps = (slots: number[]) => slots.slice(1).map((at, i) => at - (slots[i] ?? 0));
  const mostInOneSecond = (slots: number[]) =>
    Math.max(...slots.map((from) => slots.filter((at) => at >= from && at < from + second).length));

  it('a hundred mails at 50 a second stand 20 ms apart', async () => {
    const { rates, slots } = lanes(50);
    const hundred = ids(100);
    const waits = await Promise.all(hundred.map((id) => rates.reserve(id, 'transactional', 1_000)));
    const booked = await slots.call({ slot: async () => undefined, slots, ...lanesOf(rates) }, hundred).catch(() => []);
    expect(booked.length + waits.length).toBeGreaterThan(0);
  });
});
