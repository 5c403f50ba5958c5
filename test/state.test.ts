import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Event } from '../events/index.ts';
import { createKeys, type Keys, messageKey, messageTag } from '../state/keys.ts';
import { agreeOnSecret, isSameSecret } from '../state/secret.ts';
import type { SuppressionReason } from '../state/suppressions.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { person } from './support/events.ts';

const secret = 'ab'.repeat(32);
const keyPrefix = `state-test-${randomUUID()}:`;
const monday = 1_760_000_000_000;
const tuesday = monday + 86_400_000;
const wednesday = tuesday + 86_400_000;

let redis: Redis;
let keys: Keys;
let memory: Memory;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  await redisReady(redis);
  keys = createKeys(keyPrefix, secret);
  memory = createMemory(redis, { keyPrefix, secret, rateLimit: 50, quotaReserve: 0.1, rememberSendsMs: 60_000 });
});
afterAll(() => redis.disconnect());

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
    memory.consents.record(ada, {
      id: randomUUID(),
      state: 'granted',
      consent: { topics: ['offers'], ...(captured_at && { captured_at }) },
      at,
    });
  const optsOut = (ada: string, at: number) =>
    memory.consents.record(ada, { id: randomUUID(), state: 'revoked', consent: { topics: ['offers'] }, at });

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
  const suppress = (address: string, reason: SuppressionReason) =>
    memory.suppressions.add(memory.addressHash(address), { reason, scope: 'all', since: monday, source: 'test' });
  const reasonFor = (address: string) => memory.suppressions.reasonFor(memory.addressHash(address), 'transactional');

  it.each(['ada@bücher.example', ' ADA@BÜCHER.Example ', 'Ada@xn--bcher-kva.example'])(
    'is found as %s',
    async (spelling) => {
      await suppress('ada@bücher.example', 'complaint');
      expect(await reasonFor(spelling)).toBe('complaint');
    },
  );

  it('is only who must not get this kind of mail, and only for as long as it was said', async () => {
    const hash = memory.addressHash('lamarr@example.com');
    const said = { since: monday, source: 'test' };
    await memory.suppressions.add(hash, { ...said, reason: 'soft_bounces', scope: 'all', until: monday });
    await memory.suppressions.add(hash, { ...said, reason: 'invalid_address', scope: 'marketing' });
    expect(await memory.suppressions.reasonFor(hash, 'transactional')).toBeUndefined();
    expect(await memory.suppressions.reasonFor(hash, 'marketing')).toBe('invalid_address');
    await memory.suppressions.add(hash, { ...said, reason: 'soft_bounces', scope: 'all', until: Date.now() + 60_000 });
    expect(await memory.suppressions.reasonFor(hash, 'transactional')).toBe('soft_bounces');
  });

  it('is not somebody else: dots and tags are other mailboxes', async () => {
    await suppress('grace@example.com', 'hard_bounce');
    for (const address of ['gr.ace@example.com', 'grace+x@example.com', 'grace@example.org'])
      expect(await reasonFor(address)).toBeUndefined();
  });

  it('stands in Redis without the address, and differently under another secret', async () => {
    await suppress('hopper@example.com', 'manual');
    expect((await redis.keys(`${keyPrefix}suppression:*`)).join()).not.toMatch(/hopper|@/);
    expect(createKeys(keyPrefix, 'cd'.repeat(32)).addressHash('hopper@example.com')).not.toBe(
      keys.addressHash('hopper@example.com'),
    );
  });
});

describe('the secret', () => {
  it('is that of the first who said so, and another is noticed', async () => {
    const prefix = `${keyPrefix}secret-test:`;
    const [ours, other] = [createKeys(prefix, 'ab'.repeat(32)), createKeys(prefix, 'cd'.repeat(32))];
    expect(await isSameSecret(redis, ours)).toBe(true);
    expect(await agreeOnSecret(redis, ours)).toBe(true);
    expect(await agreeOnSecret(redis, other)).toBe(false);
    expect([await isSameSecret(redis, ours), await isSameSecret(redis, other)]).toEqual([true, false]);
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

  it('are the last twenty of their type, each once and in their order, and forgotten within a day', async () => {
    const ada = someone();
    const [older, newer] = [project(ada, monday, 'p_1'), project(ada, tuesday, 'p_2')];
    for (const made of [newer, older, newer]) await memory.heard.record(made);
    expect(await memory.heard.of(ada, ['project.created'], monday)).toEqual([older, newer]);
    const key = keys.heard(ada, 'project.created');
    expect(await redis.ttl(key)).toBeGreaterThan(86_000);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(86_400);

    for (let more = 0; more < 30; more += 1) await memory.heard.record(project(ada, wednesday, `p_${more}`));
    expect(await memory.heard.of(ada, ['project.created'], monday)).toHaveLength(20);
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
