import { describe, expect, it, vi } from 'vitest';

import type { NotNow } from '../activities/index.ts';
import type { Memory } from '../state/memory.ts';
import { failureOf, monday, optsOut, redisOfThisFile, scene, version } from './support/scene.ts';

const redis = redisOfThisFile();

const anyTerms = { lane: 'transactional', since: monday, stops: [] } as const;
const notNow = (template: string, type: string): NotNow => ({
  outcome: 'not_now',
  version: version(template) ?? '',
  wait: {
    ms: expect.any(Number) as number,
    type: type as NotNow['wait']['type'],
    message: expect.any(String) as string,
  },
});

/** Does something between the look at a person and the claim of their mail. */
function afterTheLook(memory: Memory, happens: () => Promise<unknown>): void {
  const { look } = memory.departures;
  vi.spyOn(memory.departures, 'look').mockImplementation(async (...asked) => {
    const sight = await look(...asked);
    await happens();
    return sight;
  });
}

describe('a mail that can leave now', () => {
  it('leaves in three calls to Redis, and says which template in which version it was', async () => {
    for (const template of ['receipt', 'welcome'] as const) {
      const { attemptNow, calls, outcomes } = await scene();
      await attemptNow(template, { key: 'to have the scripts loaded' });
      const asked = vi.spyOn(redis(), 'sendCommand');
      const sent = await attemptNow(template);
      const commands = asked.mock.calls.map(([command]) => command.name);
      asked.mockRestore();
      expect(sent).toEqual({ outcome: 'sent', message_id: 'ses-2', version: version(template), template });
      expect(commands).toEqual(['evalsha', 'evalsha', 'evalsha']);
      expect([calls.length, outcomes.length]).toEqual([2, 2]);
    }
  });

  it('is the mail that the queue would have sent', async () => {
    const [now, queued] = [await scene(), await scene()];
    await now.attemptNow('welcome');
    await queued.attempt('welcome');
    const [one, other] = [now.calls[0], queued.calls[0]];
    expect(Object.keys(one ?? {})).toEqual(Object.keys(other ?? {}));
    expect([one?.subject, one?.headers.map(({ name }) => name)]).toEqual([
      other?.subject,
      other?.headers.map(({ name }) => name),
    ]);
  });

  it('leaves once, however many try it at once, here and on the queue', async () => {
    const { attempt, attemptNow, calls, memory, tag } = await scene();
    const tries = Array.from({ length: 20 }, (_, index) => (index % 2 ? attempt('receipt') : attemptNow('receipt')));
    await Promise.allSettled(tries);
    expect(calls).toHaveLength(1);
    expect(await memory.sends.read(tag('receipt'))).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
    const known = { outcome: 'sent', message_id: 'ses-1', version: version('receipt') };
    expect(await attempt('receipt')).toEqual(known);
    expect(await attemptNow('receipt')).toEqual({ ...known, template: 'receipt' });
    expect(calls).toHaveLength(1);
  });

  it('waits a moment for its slot', async () => {
    const { attemptNow, calls } = await scene([], { rateLimit: 10 });
    await attemptNow('receipt');
    expect(await attemptNow('receipt', { key: 'second' })).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(2);
  });
});

describe('a provider that takes its time', () => {
  it('keeps no more than 75 turns of a worker; what comes meanwhile goes to the queue, and the next turns send again', async () => {
    const answers: (() => void)[] = [];
    const { attemptNow, calls } = await scene([], {
      beforeCall: () => new Promise((answer) => answers.push(answer)),
    });
    const first = Array.from({ length: 75 }, (_, index) => attemptNow('receipt', { key: `${index}` }));
    await vi.waitFor(() => expect(answers).toHaveLength(75));
    const others = await Promise.all(['a', 'b'].map((key) => attemptNow('receipt', { key })));
    expect(others).toEqual([notNow('receipt', 'RateLimited'), notNow('receipt', 'RateLimited')]);
    // One that comes now has the place of the first that ends.
    const next = attemptNow('receipt', { key: 'a' });
    answers[0]?.();
    await vi.waitFor(() => expect(answers).toHaveLength(76));
    for (const answer of answers) answer();
    expect(await next).toMatchObject({ outcome: 'sent' });
    await Promise.all(first);
    expect(calls).toHaveLength(76);

    const later = attemptNow('receipt', { key: 'b' });
    await vi.waitFor(() => expect(answers).toHaveLength(77));
    answers[76]?.();
    expect(await later).toMatchObject({ outcome: 'sent' });
  });
});

describe('a mail that is for nobody', () => {
  it.each([
    ['has opted out', 'no_consent', (memory: Memory, user: string) => optsOut(memory, user, 'onboarding', monday + 1)],
    ['has left everything', 'no_consent', (memory: Memory, user: string) => optsOut(memory, user, '*', monday + 1)],
    [
      'has complained',
      'suppressed',
      (memory: Memory, _: string, email: string) =>
        memory.suppressions.add(memory.addressHash(email), {
          reason: 'complaint',
          scope: 'all',
          since: monday,
          source: 'test',
        }),
    ],
  ])('because she %s costs one look: no slot, no claim', async (_, outcome, does) => {
    const { attemptNow, calls, memory, ada, keys, tag } = await scene();
    await does(memory, ada.user_id, ada.email);
    expect(await attemptNow('welcome')).toEqual({ outcome, template: 'welcome' });
    expect(calls).toEqual([]);
    expect(await redis().zcard(keys.rate('slots'))).toBe(0);
    expect(await memory.sends.read(tag('welcome'))).toBeUndefined();
  });

  it('because she has complained, though an older version recorded her without the hash of her address', async () => {
    const { attempt, attemptNow, calls, memory, ada, keys } = await scene();
    await redis().hdel(keys.contact(ada.user_id), 'address_hash');
    const complaint = { reason: 'complaint', scope: 'all', since: monday, source: 'feedback' } as const;
    await memory.suppressions.add(memory.addressHash(ada.email), complaint);
    expect(await attemptNow('receipt')).toEqual(notNow('receipt', 'RateLimited'));
    expect(await attempt('receipt')).toEqual({ outcome: 'suppressed' });
    expect(calls).toEqual([]);
  });

  it('because her address is not known, or its suppression has run out meanwhile', async () => {
    const { attemptNow, memory, ada, keys } = await scene();
    const hash = memory.addressHash(ada.email);
    const past = { reason: 'soft_bounces', scope: 'all', since: 1, until: 2, source: 'test' } as const;
    await memory.suppressions.add(hash, past);
    expect(await attemptNow('receipt')).toMatchObject({ outcome: 'sent' });
    await redis().del(keys.contact(ada.user_id));
    expect(await attemptNow('welcome')).toEqual({ outcome: 'no_address', template: 'welcome' });
  });
});

describe('what changes between the look and the claim', () => {
  it.each([
    ['an opt-out', (memory: Memory, user: string) => optsOut(memory, user, 'onboarding', monday + 1)],
    [
      'a bounce',
      (memory: Memory, _: string, email: string) =>
        memory.suppressions.add(memory.addressHash(email), {
          reason: 'hard_bounce',
          scope: 'all',
          since: monday,
          source: 'feedback',
        }),
    ],
    [
      'a country with other rules',
      (memory: Memory, user: string) => memory.contacts.record(user, { country: 'DE' }, monday + 1),
    ],
    [
      'another time zone',
      (memory: Memory, user: string) => memory.contacts.record(user, { time_zone: 'Asia/Tokyo' }, monday + 1),
    ],
    [
      'another address',
      (memory: Memory, user: string) => memory.contacts.record(user, { email: 'new@example.com' }, monday + 1),
    ],
  ])('%s: nothing leaves on the strength of what was so before', async (_, does) => {
    const { attemptNow, calls, memory, ada, tag } = await scene();
    afterTheLook(memory, () => does(memory, ada.user_id, ada.email));
    expect(await attemptNow('welcome')).toEqual(notNow('welcome', 'RateLimited'));
    expect(calls).toEqual([]);
    expect(await memory.sends.read(tag('welcome'))).toBeUndefined();
  });

  it('a pause or a gate: it goes on with the queue', async () => {
    for (const [stop, type] of [
      [(memory: Memory) => memory.stops.pause('all'), 'Paused'],
      [
        (memory: Memory) => memory.stops.close({ scope: 'account', reason: 'x', detail: 'y', opens: 'probe' }),
        'SendingHalted',
      ],
    ] as const) {
      const { attemptNow, calls, memory } = await scene();
      afterTheLook(memory, () => stop(memory));
      expect(await attemptNow('receipt')).toEqual(notNow('receipt', type));
      expect(calls).toEqual([]);
    }
  });
});

it('a closed gate is named without the address it is about: histories keep what is said here', async () => {
  const { attemptNow, memory } = await scene();
  await memory.stops.close({ scope: 'identity:hello@example.com', reason: 'x', detail: 'y', opens: 'operator' });
  const held = await attemptNow('receipt');
  expect(held).toEqual(notNow('receipt', 'SendingHalted'));
  expect((held as NotNow).wait.message).not.toContain('@');
});

describe('a mail that cannot leave now goes on with the queue, in its words and with its wait', () => {
  it('when its slot is far away, which stays booked', async () => {
    const { attempt, attemptNow, calls } = await scene([], { rateLimit: 2 });
    await attemptNow('receipt');
    const second = await attemptNow('receipt', { key: 'second' });
    expect(second).toEqual(notNow('receipt', 'RateLimited'));
    expect((second as NotNow).wait.ms).toBeLessThanOrEqual(500);
    expect(calls).toHaveLength(1);
    expect(await attempt('receipt', { key: 'second' })).toMatchObject({ outcome: 'sent' });
  });

  it('when an earlier attempt may have sent it', async () => {
    const { attemptNow, calls } = await scene([{ kind: 'ambiguous' }]);
    expect(await attemptNow('receipt')).toEqual(notNow('receipt', 'Settling'));
    expect(await attemptNow('receipt')).toEqual(notNow('receipt', 'Settling'));
    expect(calls).toHaveLength(1);
  });

  it('when a turn that was lost had begun it in other words, which it keeps', async () => {
    const { attemptNow, calls, memory, tag } = await scene();
    await memory.sends.claim(tag('receipt'), 'lost', anyTerms, {}, { version: 'a17e5f0c8b31' });
    const inItsWords = { ...notNow('receipt', 'Settling'), version: 'a17e5f0c8b31' };
    expect(await attemptNow('receipt')).toEqual(inItsWords);
    await memory.sends.release(tag('receipt'), 'lost');
    expect(await attemptNow('receipt')).toEqual(inItsWords);
    expect(calls).toEqual([]);
  });

  it.each([
    ['throttles', { kind: 'throttled', retryAfterMs: 700 } as const, 'Throttled', 700],
    ['is away', { kind: 'unavailable' } as const, 'ProviderUnavailable', 100],
  ])('when the provider %s', async (_, answer, type, ms) => {
    const { attemptNow, attempt, calls } = await scene([answer]);
    const first = await attemptNow('receipt');
    expect(first).toEqual(notNow('receipt', type));
    expect((first as NotNow).wait.ms).toBeGreaterThanOrEqual(ms);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(2);
  });

  it('when the day’s quota is spent, but for what is kept for receipts', async () => {
    const { attemptNow, memory } = await scene();
    await memory.account.allowed({ maxPerSecond: 100, max24Hours: 100, sent24Hours: 95 });
    expect(await attemptNow('welcome')).toEqual(notNow('welcome', 'QuotaSpent'));
    expect(await attemptNow('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('or fails for good when the provider refuses it for good', async () => {
    const { attemptNow } = await scene([{ kind: 'refused' }]);
    expect(await failureOf(attemptNow('receipt'))).toMatchObject({ type: 'MailRefused', nonRetryable: true });
    expect(await failureOf(attemptNow('receipt'))).toMatchObject({ type: 'MailRefused', nonRetryable: true });
  });
});
