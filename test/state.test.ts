import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

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
    // The ledger counts milliseconds: the two must not fall into one.
    await vi.waitFor(async () => expect((await sends.read(early))?.ageMs).toBeGreaterThan(0), { interval: 1 });
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
  const soon = 1_000;

  /** An account of its own for each test, so that no test takes a slot of another. */
  function account(perSecond: number) {
    const mine = createKeys(`${keyPrefix}rates-${randomUUID()}:`, secret);
    /** The slot of a mail, in µs; NaN while it has none. */
    const slot = async (id: string) => Number((await redis.hget(mine.reservation(id), 'account')) ?? Number.NaN);
    return {
      keys: mine,
      here: createRates(redis, mine, perSecond),
      there: createRates(other, mine, perSecond),
      slot,
      slots: async (ids: string[]) => (await Promise.all(ids.map(slot))).sort((a, b) => a - b),
    };
  }
  const mails = (count: number, name = 'mail') => Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const gaps = (slots: number[]) => slots.slice(1).map((at, i) => at - (slots[i] ?? Number.NaN));
  const mostInOneSecond = (slots: number[]) =>
    Math.max(...slots.map((from) => slots.filter((at) => at >= from && at < from + second).length));

  it('a hundred mails at once stand 20 ms apart at 50 a second', async () => {
    const { here, slots } = account(50);
    const ids = mails(100);
    const waits = await Promise.all(ids.map((id) => here.reserve(id, 'transactional', soon)));
    expect(waits[0]).toBe(0);
    const booked = await slots(ids);
    expect(gaps(booked)).toHaveLength(99);
    for (const gap of gaps(booked)) expect(gap).toBeGreaterThanOrEqual(20_000);
    expect((booked[99] ?? 0) - (booked[0] ?? 0)).toBeLessThan(99 * 20_000 + second / 2);
    expect(Math.max(...waits)).toBeGreaterThan(1_500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_980);
  });

  it('a mail that asks twice keeps its slot, and nobody behind it is pushed back', async () => {
    const { here, slot } = account(2);
    await here.reserve('grace', 'transactional', soon);
    const first = await here.reserve('ada', 'transactional', soon);
    const booked = await slot('ada');
    const again = await here.reserve('ada', 'transactional', soon);
    expect(first).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(first);
    expect(await slot('ada')).toBe(booked);
    await here.reserve('next', 'transactional', soon);
    expect((await slot('next')) - booked).toBe(500_000);
  });

  it('a marketing mail that asks twice keeps its place in the lane', async () => {
    const { here } = account(2);
    const waits = [];
    for (const id of mails(6)) waits.push(await here.reserve(id, 'marketing', soon));
    const again = await here.reserve('mail-5', 'marketing', soon);
    expect(waits[5]).toBeGreaterThan(soon);
    expect(again).toBeGreaterThan(soon);
    expect(again).toBeLessThanOrEqual(waits[5] ?? 0);
  });

  it('two workers share the account', async () => {
    const { here, there, slots } = account(50);
    const ids = mails(40);
    await Promise.all(ids.map((id, i) => (i % 2 ? here : there).reserve(id, 'transactional', soon)));
    for (const gap of gaps(await slots(ids))) expect(gap).toBeGreaterThanOrEqual(20_000);
  });

  it('a receipt in the middle of a thousand marketing mails waits a second, and one slot, at most', async () => {
    const { here } = account(200);
    const backlog = mails(1_000);
    const queued = await Promise.all(backlog.map((id) => here.reserve(id, 'marketing', soon)));
    expect(Math.max(...queued)).toBeGreaterThan(4_000);
    // The worst moment: everybody has just asked again and taken what is near.
    await Promise.all(backlog.map((id) => here.reserve(id, 'marketing', soon)));
    expect(await here.reserve('receipt', 'transactional', soon)).toBeLessThanOrEqual(soon + 5);
  });

  it('receipts between marketing mails move these back: no second ever has more slots than the rate', async () => {
    const { here, there, slots } = account(200);
    const [marketing, receipts] = [mails(250, 'offer'), mails(100, 'receipt')];
    /** As a worker does: a wait that is long is spent elsewhere. */
    const send = async (id: string) => {
      for (let wait = Infinity; wait > 100;) {
        wait = await here.reserve(id, 'marketing', 100);
        if (wait > 100) await sleep(wait);
      }
    };
    const sending = Promise.all(marketing.map(send));
    for (const id of receipts) {
      await there.reserve(id, 'transactional', 100);
      await sleep(5);
    }
    await sending;
    const booked = await slots([...marketing, ...receipts]);
    expect(booked.every(Number.isFinite)).toBe(true);
    for (const gap of gaps(booked)) expect(gap).toBeGreaterThanOrEqual(5_000);
    expect(mostInOneSecond(booked)).toBeLessThanOrEqual(201);
    expect(mostInOneSecond(booked)).toBeGreaterThan(100);
  }, 30_000);

  it('a receipt moves the next marketing mail back by one slot', async () => {
    const { here, keys: mine, slot } = account(2);
    await here.reserve('receipt', 'transactional', soon);
    await here.reserve('offer', 'marketing', soon);
    const lane = Number(await redis.hget(mine.reservation('offer'), 'lane'));
    expect(lane - (await slot('receipt'))).toBeGreaterThanOrEqual(500_000);
  });

  it('a marketing mail whose turn has come takes nothing while receipts have the account', async () => {
    const { here, keys: mine, slot } = account(2);
    for (const id of mails(5, 'offer')) await here.reserve(id, 'marketing', soon);
    for (const id of mails(5, 'receipt')) await here.reserve(id, 'transactional', soon);
    await redis.hset(mine.reservation('offer-4'), 'lane', Date.now() * 1_000);
    expect(await here.reserve('offer-4', 'marketing', soon)).toBeGreaterThan(soon);
    expect(await slot('offer-4')).toBeNaN();
  });

  it('a slot that has long passed is booked anew: mails do not leave together after a pause', async () => {
    const { here, keys: mine, slots } = account(50);
    const ids = mails(10);
    await Promise.all(ids.map((id) => here.reserve(id, 'transactional', soon)));
    for (const id of ids) await redis.hset(mine.reservation(id), 'account', (Date.now() - 5_000) * 1_000);
    await Promise.all(ids.map((id) => here.reserve(id, 'transactional', soon)));
    const booked = await slots(ids);
    expect(booked[0]).toBeGreaterThan((Date.now() - 4_000) * 1_000);
    for (const gap of gaps(booked)) expect(gap).toBeGreaterThanOrEqual(20_000);
  });

  it('nothing is kept for ever', async () => {
    const { here, keys: mine } = account(50);
    await here.reserve('ada', 'marketing', soon);
    for (const key of [mine.rate('account'), mine.rate('marketing'), mine.reservation('ada')])
      expect(await redis.pttl(key)).toBeGreaterThan(0);
  });
});

describe('the journeys of a person', () => {
  const onboarding = {
    workflowId: 'w_1',
    journey: 'onboarding',
    listensFor: ['project.created'],
    since: monday,
    registeredAt: monday,
  };

  it('are found while they run, and forgotten one by one', async () => {
    const ada = someone();
    expect(await memory.running.of(ada)).toEqual([]);
    await memory.running.register(ada, onboarding);
    await memory.running.register(ada, { ...onboarding, workflowId: 'w_2' });
    expect(await memory.running.of(ada)).toHaveLength(2);
    await memory.running.forget(ada, 'w_1');
    expect(await memory.running.of(ada)).toEqual([{ ...onboarding, workflowId: 'w_2' }]);
    expect(await memory.running.of(someone())).toEqual([]);
  });

  it('do not look new when their event is delivered again', async () => {
    const ada = someone();
    await memory.running.register(ada, onboarding);
    await memory.running.register(ada, { ...onboarding, registeredAt: tuesday });
    expect(await memory.running.of(ada)).toEqual([onboarding]);
  });
});

describe('events that a journey may have missed', () => {
  const project = (user_id: string, timestamp: number, project_id = 'p_1'): Event => ({
    event_id: randomUUID(),
    event_type: 'project.created',
    user_id,
    timestamp,
    payload: { project_id },
  });

  it('are found by type, from the moment the journey is about', async () => {
    const ada = someone();
    const made = project(ada, tuesday);
    await memory.heard.record(made);
    expect(await memory.heard.of(ada, ['project.created', 'order.completed'], monday)).toEqual([made]);
    expect(await memory.heard.of(ada, ['project.created'], tuesday)).toEqual([made]);
    expect(await memory.heard.of(ada, ['project.created'], wednesday)).toEqual([]);
    expect(await memory.heard.of(ada, ['order.completed'], monday)).toEqual([]);
    expect(await memory.heard.of(ada, [], monday)).toEqual([]);
    expect(await memory.heard.of(someone(), ['project.created'], monday)).toEqual([]);
  });

  it('are the last of their type, and forgotten within a day', async () => {
    const ada = someone();
    await memory.heard.record(project(ada, monday, 'p_1'));
    await memory.heard.record(project(ada, tuesday, 'p_2'));
    expect(await memory.heard.of(ada, ['project.created'], monday)).toMatchObject([{ payload: { project_id: 'p_2' } }]);
    expect(await redis.ttl(keys.heard(ada))).toBeGreaterThan(86_000);
    expect(await redis.ttl(keys.heard(ada))).toBeLessThanOrEqual(86_400);
  });
});

describe('dead letters', () => {
  it('are written once', async () => {
    const id = randomUUID();
    expect(await memory.deadLetters.isWritten(id)).toBe(false);
    await memory.deadLetters.markWritten(id);
    expect(await memory.deadLetters.isWritten(id)).toBe(true);
    expect(await redis.ttl(keys.deadLetter(id))).toBeGreaterThan(7 * 86_400);
  });
});
