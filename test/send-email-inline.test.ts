import { describe, expect, it, vi } from 'vitest';

import type { Queued } from '../activities/index.ts';
import type { Store } from '../store/store.ts';
import { failureOf, monday, optsOut, serversOfThisFile, scene, version } from './support/scene.ts';

const servers = serversOfThisFile();

/** How long vi.waitFor looks, on a busy machine. */
const patient = { timeout: 20_000 };

const queued = (template: string, type: string): Queued => ({
  outcome: 'queued',
  version: version(template) ?? '',
  wait: {
    ms: expect.any(Number) as number,
    type: type as Queued['wait']['type'],
    message: expect.any(String) as string,
  },
});

/** Does something between the look at a person and the claim of their mail. */
function afterTheLook(store: Store, happens: () => Promise<unknown>): void {
  const { look } = store.sends;
  vi.spyOn(store.sends, 'look').mockImplementation(async (...asked) => {
    const snapshot = await look(...asked);
    await happens();
    return snapshot;
  });
}

describe('a mail that can leave now', () => {
  it('costs three statements and one call to Redis, and says which template in which version it was', async () => {
    for (const template of ['receipt', 'welcome'] as const) {
      const { attemptInline, calls, outcomes, store } = await scene();
      // Once a second a worker notes that the provider accepts emails: that is no cost of one.
      vi.spyOn(store.provider, 'noteAccepted').mockResolvedValue();
      await attemptInline(template, { key: 'to have the scripts loaded' });
      const asked = vi.spyOn(servers.redis, 'sendCommand');
      const statements = vi.spyOn(servers.postgres, 'query');
      const sent = await attemptInline(template);
      const commands = asked.mock.calls.map(([command]) => command.name);
      const names = statements.mock.calls.map(([{ name }]) => name);
      asked.mockRestore();
      statements.mockRestore();
      expect(sent).toEqual({ outcome: 'sent', message_id: 'ses-2', version: version(template), template });
      expect(commands).toEqual(['evalsha']);
      expect(names).toEqual(['sends-look', 'sends-claim', 'sends-accept']);
      expect([calls.length, outcomes.length]).toEqual([2, 2]);
    }
  });

  it('is the mail that the queue would have sent', async () => {
    const [now, queued] = [await scene(), await scene()];
    await now.attemptInline('welcome');
    await queued.attempt('welcome');
    const [one, other] = [now.calls[0], queued.calls[0]];
    expect(Object.keys(one ?? {})).toEqual(Object.keys(other ?? {}));
    expect([one?.subject, one?.headers.map(({ name }) => name)]).toEqual([
      other?.subject,
      other?.headers.map(({ name }) => name),
    ]);
  });

  it('leaves once, however many try it at once, here and on the queue', async () => {
    const { attempt, attemptInline, calls, store, tag } = await scene();
    const tries = Array.from({ length: 20 }, (_, index) => (index % 2 ? attempt('receipt') : attemptInline('receipt')));
    await Promise.allSettled(tries);
    expect(calls).toHaveLength(1);
    expect(await store.sends.read(tag('receipt'))).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
    const known = { outcome: 'sent', message_id: 'ses-1', version: version('receipt') };
    expect(await attempt('receipt')).toEqual(known);
    expect(await attemptInline('receipt')).toEqual({ ...known, template: 'receipt' });
    expect(calls).toHaveLength(1);
  });

  it('waits a moment for its slot', async () => {
    const { attemptInline, calls } = await scene([], { rateLimit: 10 });
    await attemptInline('receipt');
    expect(await attemptInline('receipt', { key: 'second' })).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(2);
  });
});

describe('a provider that takes its time', () => {
  it('keeps no more than 75 turns of a worker; what comes meanwhile goes to the queue, and the next turns send again', async () => {
    const answers: (() => void)[] = [];
    const { attemptInline, calls } = await scene([], {
      beforeCall: () => new Promise((answer) => answers.push(answer)),
    });
    const first = Array.from({ length: 75 }, (_, index) => attemptInline('receipt', { key: `${index}` }));
    await vi.waitFor(() => expect(answers).toHaveLength(75), patient);
    const others = await Promise.all(['a', 'b'].map((key) => attemptInline('receipt', { key })));
    expect(others).toEqual([queued('receipt', 'NoCapacityHere'), queued('receipt', 'NoCapacityHere')]);
    // One that comes now has the place of the first that ends.
    const next = attemptInline('receipt', { key: 'a' });
    answers[0]?.();
    await vi.waitFor(() => expect(answers).toHaveLength(76), patient);
    for (const answer of answers) answer();
    expect(await next).toMatchObject({ outcome: 'sent' });
    await Promise.all(first);
    expect(calls).toHaveLength(76);

    const later = attemptInline('receipt', { key: 'b' });
    await vi.waitFor(() => expect(answers).toHaveLength(77), patient);
    answers[76]?.();
    expect(await later).toMatchObject({ outcome: 'sent' });
  });
});

describe('a mail that is for nobody', () => {
  it.each([
    ['has opted out', 'no_consent', (store: Store, user: string) => optsOut(store, user, 'onboarding', monday + 1)],
    ['has left everything', 'no_consent', (store: Store, user: string) => optsOut(store, user, '*', monday + 1)],
    [
      'has complained',
      'suppressed',
      (store: Store, _: string, email: string) =>
        store.suppressions.add(store.addressHash(email), {
          reason: 'complaint',
          scope: 'all',
          since: monday,
          source: 'test',
        }),
    ],
  ])('because she %s costs one look: no slot, no claim', async (_, outcome, does) => {
    const { attemptInline, calls, store, ada, keys, tag } = await scene();
    await does(store, ada.user_id, ada.email);
    expect(await attemptInline('welcome')).toEqual({ outcome, template: 'welcome' });
    expect(calls).toEqual([]);
    expect(await servers.redis.exists(keys.pace(), keys.slots())).toBe(0);
    expect(await store.sends.read(tag('welcome'))).toBeUndefined();
  });

  it('unless the suppression has ended meanwhile', async () => {
    const { attemptInline, store, ada } = await scene();
    const hash = store.addressHash(ada.email);
    const past = { reason: 'soft_bounces', scope: 'all', since: 1, until: 2, source: 'test' } as const;
    await store.suppressions.add(hash, past);
    expect(await attemptInline('receipt')).toMatchObject({ outcome: 'sent' });
  });
});

describe('what changes between the look and the claim', () => {
  it.each([
    ['an opt-out', (store: Store, user: string) => optsOut(store, user, 'onboarding', monday + 1)],
    [
      'a bounce',
      (store: Store, _: string, email: string) =>
        store.suppressions.add(store.addressHash(email), {
          reason: 'hard_bounce',
          scope: 'all',
          since: monday,
          source: 'feedback',
        }),
    ],
    [
      'a country with other rules',
      (store: Store, user: string) => store.contacts.record(user, { country: 'DE' }, monday + 1),
    ],
    [
      'another time zone',
      (store: Store, user: string) => store.contacts.record(user, { time_zone: 'Asia/Tokyo' }, monday + 1),
    ],
    [
      'another address',
      (store: Store, user: string) => store.contacts.record(user, { email: 'new@example.com' }, monday + 1),
    ],
  ])('%s: nothing leaves on the strength of what was so before', async (_, does) => {
    const { attemptInline, calls, store, ada, tag } = await scene();
    afterTheLook(store, () => does(store, ada.user_id, ada.email));
    expect(await attemptInline('welcome')).toEqual(queued('welcome', 'ChangedSinceLook'));
    expect(calls).toEqual([]);
    expect(await store.sends.read(tag('welcome'))).toBeUndefined();
  });

  it('a pause or a gate: it goes on with the queue', async () => {
    for (const [stop, type] of [
      [(store: Store) => store.stops.pause('all'), 'Paused'],
      [
        (store: Store) => store.stops.close({ scope: 'account', reason: 'x', detail: 'y', opens: 'probe' }),
        'GateClosed',
      ],
    ] as const) {
      const { attemptInline, calls, store } = await scene();
      afterTheLook(store, () => stop(store));
      expect(await attemptInline('receipt')).toEqual(queued('receipt', type));
      expect(calls).toEqual([]);
    }
  });
});

it('a closed gate is named without the address it is about: histories keep what is said here', async () => {
  const { attemptInline, store } = await scene();
  await store.stops.close({ scope: 'identity:hello@example.com', reason: 'x', detail: 'y', opens: 'operator' });
  const held = await attemptInline('receipt');
  expect(held).toEqual(queued('receipt', 'GateClosed'));
  expect((held as Queued).wait.message).not.toContain('@');
});

describe('a mail that cannot leave now goes on with the queue, in its words and with its wait', () => {
  it('when its slot is far away, which stays booked', async () => {
    const { attempt, attemptInline, calls } = await scene([], { rateLimit: 2 });
    await attemptInline('receipt');
    const second = await attemptInline('receipt', { key: 'second' });
    expect(second).toEqual(queued('receipt', 'WaitingForSlot'));
    expect((second as Queued).wait.ms).toBeLessThanOrEqual(500);
    expect(calls).toHaveLength(1);
    expect(await attempt('receipt', { key: 'second' })).toMatchObject({ outcome: 'sent' });
  });

  it('when an earlier attempt may have sent it', async () => {
    const { attemptInline, calls } = await scene([{ kind: 'ambiguous' }]);
    expect(await attemptInline('receipt')).toEqual(queued('receipt', 'InDoubt'));
    expect(await attemptInline('receipt')).toEqual(queued('receipt', 'InDoubt'));
    expect(calls).toHaveLength(1);
  });

  it('when a workflow task that was lost had begun it with another version, which it keeps', async () => {
    const { attemptInline, calls, identity, store, tag } = await scene();
    const earlier = { ...identity('receipt'), templateVersion: 'a17e5f0c8b31' };
    const { seen } = await store.sends.look(earlier);
    await store.sends.claim(earlier, { id: 'lost', seen, stops: [] });
    const asItBegan = { ...queued('receipt', 'StartedAsOtherVersion'), version: 'a17e5f0c8b31' };
    expect(await attemptInline('receipt')).toEqual(asItBegan);
    await store.sends.release(tag('receipt'), 'lost');
    expect(await attemptInline('receipt')).toEqual(asItBegan);
    expect(calls).toEqual([]);
  });

  it.each([
    ['throttles', { kind: 'throttled', retryAfterMs: 700 } as const, 'Throttled', 700],
    ['is away', { kind: 'unavailable' } as const, 'ProviderUnavailable', 100],
  ])('when the provider %s', async (_, answer, type, ms) => {
    const { attemptInline, attempt, calls } = await scene([answer]);
    const first = await attemptInline('receipt');
    expect(first).toEqual(queued('receipt', type));
    expect((first as Queued).wait.ms).toBeGreaterThanOrEqual(ms);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(2);
  });

  it('when the day’s quota is spent, but for what is kept for receipts', async () => {
    const { attemptInline, store } = await scene();
    await store.account.allowed({ maxPerSecond: 100, max24Hours: 100, sent24Hours: 95 });
    expect(await attemptInline('welcome')).toEqual(queued('welcome', 'QuotaSpent'));
    expect(await attemptInline('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('or fails for good when the provider refuses it for good', async () => {
    const { attemptInline } = await scene([{ kind: 'refused' }]);
    expect(await failureOf(attemptInline('receipt'))).toMatchObject({ type: 'EmailRefused', nonRetryable: true });
    expect(await failureOf(attemptInline('receipt'))).toMatchObject({ type: 'EmailRefused', nonRetryable: true });
  });
});
