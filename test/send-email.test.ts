import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import type { ActivityDependencies, SendSettings } from '../activities/dependencies.ts';
import { MailerError, type SendFailure } from '../activities/failures.ts';
import { createActivities, type SendRequest } from '../activities/index.ts';
import type { Mail } from '../activities/mailers/mailer.ts';
import type { Event } from '../events/index.ts';
import { messageKey, messageTag } from '../state/keys.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { loadCatalogue } from '../templates/catalogue.ts';
import { person } from './support/events.ts';

const secret = 'ab'.repeat(32);
const prefix = `send-email-test-${randomUUID()}:`;
const monday = 1_760_000_000_000;
const topics = ['onboarding', 'offers'];
const catalogue = loadCatalogue(fileURLToPath(new URL('../templates', import.meta.url)), topics);

let redis: Redis;
beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());

/** What the provider says to one call: an id, or what went wrong. */
type Answer = string | SendFailure | Error;

interface Scene {
  memory: Memory;
  ada: { user_id: string; email: string };
  /** Every mail that the provider was handed. */
  calls: Mail[];
  outcomes: string[];
  /** One attempt: `receipt` is transactional, `welcome` marketing. */
  attempt(template: 'receipt' | 'welcome', change?: Partial<SendRequest>): ReturnType<typeof sendOf>;
  tag(template: string): string;
  /** Resolves once a mail that was claimed has been there for longer than `settleAfterMs`. */
  settled(template: string): Promise<void>;
  /** The event feed tells of a mail that was sent after everything so far. */
  feedPasses(): Promise<void>;
}
const sendOf = (deps: ActivityDependencies, request: SendRequest) => createActivities(deps).sendEmail(request);

/** A world of its own in which Ada has an address and agreed, with a provider that answers as told, then with ids. */
async function scene(
  answers: Answer[] = [],
  change: Partial<SendSettings> & { rateLimit?: number } = {},
): Promise<Scene> {
  const { rateLimit = 1_000, ...settings } = change;
  const keyPrefix = `${prefix}${randomUUID()}:`;
  const memory = createMemory(redis, { keyPrefix, secret, rateLimit, rememberSendsMs: 60_000 });
  const ada = person('ada');
  await memory.contacts.record(ada.user_id, { email: ada.email, name: 'Ada' }, monday);
  await memory.consents.grant(ada.user_id, { topics }, monday);
  const calls: Mail[] = [];
  const outcomes: string[] = [];
  const deps: ActivityDependencies = {
    memory,
    catalogue,
    mailer: {
      async send(mail) {
        calls.push(mail);
        const answer = answers.shift() ?? `ses-${calls.length}`;
        if (typeof answer === 'string') return answer;
        throw answer instanceof Error ? answer : new MailerError(answer, `the provider said ${answer.kind}`);
      },
      close() {},
    },
    log: { info() {}, warn() {} },
    metrics: { sends: { inc: (labels: unknown) => void outcomes.push((labels as { outcome: string }).outcome) } },
    settings: {
      from: 'Rivulet <hello@example.com>',
      consentNeeded: true,
      settleAfterMs: 60_000,
      backoffMs: 100,
      maxAttempts: 3,
      probeEveryMs: 5_000,
      ...settings,
    },
  };
  const event: Event = {
    event_id: randomUUID(),
    event_type: 'order.completed',
    user_id: ada.user_id,
    timestamp: monday,
    payload: { order_id: 'o_1', total: 12.5, currency: 'EUR' },
  };
  const tag = (template: string) => messageTag(messageKey(event.event_id, template));
  return {
    memory,
    ada,
    calls,
    outcomes,
    tag,
    attempt: (template, more = {}) => sendOf(deps, { event, template, ...more }),
    settled: (template) =>
      vi.waitFor(
        async () =>
          expect((await memory.sends.read(tag(template)))?.ageMs).toBeGreaterThan(deps.settings.settleAfterMs),
        { interval: 2 },
      ),
    async feedPasses() {
      const later = messageTag(randomUUID());
      await memory.sends.claim(later, 'later');
      await memory.sends.confirm(later, 'ses-later');
    },
  };
}

async function failureOf(attempt: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await attempt.then(
    (result) => new Error(`it ended: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}

/** Not an error but a wait: Temporal is told when to try again. */
function expectWait(failure: ApplicationFailure, type: string): number {
  expect(failure).toMatchObject({ type, nonRetryable: false, category: ApplicationFailureCategory.BENIGN });
  expect(failure.nextRetryDelay).toEqual(expect.any(Number));
  return Number(failure.nextRetryDelay);
}

describe('a mail that goes well', () => {
  it('is Ada’s, says what the template says, and carries its tag', async () => {
    const { attempt, calls, ada, tag, outcomes } = await scene();
    expect(await attempt('receipt')).toEqual({
      outcome: 'sent',
      message_id: 'ses-1',
      version: catalogue.get('receipt')?.version,
    });
    expect(calls).toEqual([
      expect.objectContaining({
        from: 'Rivulet <hello@example.com>',
        to: ada.email,
        subject: 'Your receipt for order o_1',
        html: expect.stringContaining('Thank you, Ada'),
        tag: tag('receipt'),
      }),
    ]);
    expect(outcomes).toEqual(['sent']);
  });

  it('is not sent again by a repeated attempt, which is told the recorded result', async () => {
    const { attempt, calls } = await scene();
    await attempt('receipt');
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', message_id: 'ses-1' });
    expect(calls).toHaveLength(1);
  });

  it('is another mail under another key or template', async () => {
    const { attempt, calls } = await scene();
    await attempt('receipt');
    await attempt('receipt', { key: 'second' });
    await attempt('welcome');
    expect(new Set(calls.map(({ tag }) => tag)).size).toBe(3);
  });

  it('leaves once when two attempts race', async () => {
    const { attempt, calls, memory, tag } = await scene();
    const ended = await Promise.allSettled(Array.from({ length: 10 }, () => attempt('receipt')));
    expect(calls).toHaveLength(1);
    const lost = ended.filter((one) => one.status === 'rejected');
    for (const { reason } of lost) expectWait(reason as ApplicationFailure, 'Settling');
    expect(lost.length).toBeLessThan(10);
    expect(await memory.sends.read(tag('receipt'))).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-1' });
  });

  it('whose answer had no id is sent; the id comes with the feed', async () => {
    const { attempt, calls, memory, tag } = await scene([{ kind: 'accepted_id_unknown' }]);
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', version: catalogue.get('receipt')?.version });
    expect(await attempt('receipt')).toEqual({ outcome: 'sent' });
    await memory.sends.confirm(tag('receipt'), 'ses-7');
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', message_id: 'ses-7' });
    expect(calls).toHaveLength(1);
  });
});

describe('a mail that certainly did not leave', () => {
  it('throttled: waits as long as asked, then a later attempt sends it', async () => {
    const { attempt, calls } = await scene([{ kind: 'throttled', retryAfterMs: 1_234 }]);
    expect(expectWait(await failureOf(attempt('receipt')), 'Throttled')).toBe(1_234);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
    expect(calls).toHaveLength(2);
  });

  it('with the day’s quota spent: waits as long as asked, then is sent', async () => {
    const { attempt } = await scene([{ kind: 'quota_spent', retryAfterMs: 300_000 }]);
    expect(expectWait(await failureOf(attempt('receipt')), 'QuotaSpent')).toBe(300_000);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('with the provider away: waits longer each time, in the end as long as a probe, and is sent after all', async () => {
    const { attempt } = await scene(Array.from({ length: 4 }, () => ({ kind: 'unavailable' as const })));
    const waits = [];
    for (let i = 0; i < 4; i++) waits.push(expectWait(await failureOf(attempt('receipt')), 'ProviderUnavailable'));
    expect(waits).toEqual([100, 200, 5_000, 5_000]);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('with the account halted: waits for a probe, and the failure names what is halted', async () => {
    const { attempt } = await scene([{ kind: 'halted', scope: 'identity' }]);
    const failure = await failureOf(attempt('receipt'));
    expect(expectWait(failure, 'SendingHalted')).toBe(5_000);
    expect(failure.message).toContain('identity');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('refused: fails for good, and nobody calls the provider again', async () => {
    const { attempt, calls } = await scene([{ kind: 'refused' }]);
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(attempt('receipt'))).toMatchObject({
        type: 'MailRefused',
        nonRetryable: true,
        message: 'the provider said refused',
      });
    }
    expect(calls).toHaveLength(1);
  });

  it('without the data its template needs: fails for good before the provider is called', async () => {
    const { attempt, calls, ada } = await scene();
    const event: Event = {
      event_id: 'e',
      event_type: 'user.signed_up',
      user_id: ada.user_id,
      timestamp: monday,
      payload: {},
    };
    const failure = await failureOf(attempt('receipt', { event }));
    expect(failure).toMatchObject({ type: 'MissingData', nonRetryable: true });
    expect(calls).toEqual([]);
  });
});

describe('a mail that may have left', () => {
  const lost: SendFailure = { kind: 'ambiguous' };

  it('is not sent again while the feed may still tell', async () => {
    const { attempt, calls } = await scene([lost]);
    expect(expectWait(await failureOf(attempt('receipt')), 'Settling')).toBe(5_000);
    expect(expectWait(await failureOf(attempt('receipt')), 'Settling')).toBeLessThanOrEqual(60_000);
    expect(calls).toHaveLength(1);
  });

  it('had left when the feed tells of it', async () => {
    const { attempt, calls, memory, tag } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await memory.sends.confirm(tag('welcome'), 'ses-7');
    expect(await attempt('welcome')).toEqual({ outcome: 'sent', message_id: 'ses-7' });
    expect(calls).toHaveLength(1);
  });

  it('had left, though the process died before it could write that down', async () => {
    const { attempt, calls } = await scene([new Error('the process dies')]);
    await expect(attempt('receipt')).rejects.toThrow('the process dies');
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(calls).toHaveLength(1);
  });

  it.each(['receipt', 'welcome'] as const)(
    '%s had not left when the feed has passed: it is sent again, once',
    async (name) => {
      const { attempt, calls, settled, feedPasses } = await scene([lost], { settleAfterMs: 20 });
      await failureOf(attempt(name));
      await settled(name);
      await feedPasses();
      const result = await attempt(name);
      expect(result).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
      expect(result).not.toHaveProperty('possible_duplicate');
      expect(await attempt(name)).toEqual({ outcome: 'sent', message_id: 'ses-2' });
      expect(calls).toHaveLength(2);
    },
  );

  it('marketing, and the feed is silent: nobody knows, and it is not sent again', async () => {
    const { attempt, calls, settled, outcomes } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('welcome'));
    await settled('welcome');
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(1);
    expect(outcomes).toEqual(['unknown']);
  });

  it('transactional, and the feed is silent: it is sent once more, and says so', async () => {
    const { attempt, calls, settled } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2', possible_duplicate: true });
    expect(calls).toHaveLength(2);
  });

  it('transactional, and lost twice in silence: nobody knows, and it is not sent a third time', async () => {
    const { attempt, calls, settled } = await scene([lost, lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    await settled('receipt');
    expect(await attempt('receipt')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(2);
  });

  it('is sent by one of two attempts that settle it side by side', async () => {
    const { attempt, calls, settled } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    await Promise.allSettled(Array.from({ length: 8 }, () => attempt('receipt')));
    expect(calls).toHaveLength(2);
  });
});

describe('a mail that must not go', () => {
  it('to somebody without an address', async () => {
    const { attempt, calls } = await scene();
    const grace: Event = anOrder(person('grace').user_id);
    expect(await attempt('receipt', { event: grace })).toEqual({ outcome: 'no_address' });
    expect(calls).toEqual([]);
  });

  it('to an address that bounced, not even a receipt', async () => {
    const { attempt, calls, memory, ada, outcomes } = await scene();
    await memory.suppressions.add(ada.email.toUpperCase(), 'hard_bounce', monday);
    expect(await attempt('receipt')).toEqual({ outcome: 'suppressed' });
    expect(calls).toEqual([]);
    expect(outcomes).toEqual(['suppressed']);
  });

  it('to somebody who opted out: marketing stops, the receipt goes', async () => {
    const { attempt, calls, memory, ada } = await scene();
    await memory.consents.revoke(ada.user_id, 'onboarding', monday + 1, 'link');
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toEqual([]);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('to somebody who never agreed, unless no consent is needed', async () => {
    for (const [consentNeeded, outcome] of [
      [true, 'no_consent'],
      [false, 'sent'],
    ] as const) {
      const { attempt, memory } = await scene([], { consentNeeded });
      const grace = person('grace');
      await memory.contacts.record(grace.user_id, { email: grace.email }, monday);
      expect(await attempt('welcome', { event: anOrder(grace.user_id) })).toMatchObject({ outcome });
    }
  });

  it('when Ada opted out between two attempts', async () => {
    const { attempt, calls, memory, ada } = await scene([{ kind: 'throttled', retryAfterMs: 1 }]);
    await failureOf(attempt('welcome'));
    await memory.consents.revoke(ada.user_id, 'onboarding', monday + 1, 'link');
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toHaveLength(1);
  });
});

describe('a mail whose slot is far away', () => {
  it('gives its place back and is told how long to wait', async () => {
    const { attempt, calls, memory } = await scene([], { rateLimit: 1 });
    for (const id of ['a', 'b', 'c']) await memory.rates.reserve(id, 'transactional', 1_000);
    const wait = expectWait(await failureOf(attempt('receipt')), 'RateLimited');
    expect(wait).toBeGreaterThan(2_000);
    expect(wait).toBeLessThanOrEqual(3_000);
    const again = expectWait(await failureOf(attempt('receipt')), 'RateLimited');
    expect(again).toBeLessThanOrEqual(wait);
    expect(calls).toEqual([]);
  });

  it('has claimed nothing meanwhile', async () => {
    const { attempt, memory, tag } = await scene([], { rateLimit: 1 });
    for (const id of ['a', 'b', 'c']) await memory.rates.reserve(id, 'transactional', 1_000);
    await failureOf(attempt('receipt'));
    expect(await memory.sends.read(tag('receipt'))).toBeUndefined();
  });

  it('waits here when the slot is near', async () => {
    const { attempt, memory, calls } = await scene([], { rateLimit: 10 });
    for (const id of ['a', 'b']) await memory.rates.reserve(id, 'transactional', 1_000);
    const began = performance.now();
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(performance.now() - began).toBeGreaterThan(100);
    expect(calls).toHaveLength(1);
  });
});

function anOrder(user_id: string): Event {
  return {
    event_id: randomUUID(),
    event_type: 'order.completed',
    user_id,
    timestamp: monday,
    payload: { order_id: 'o_2', total: 1, currency: 'EUR' },
  };
}
