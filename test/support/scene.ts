import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, vi } from 'vitest';

import type { ActivityDependencies, SendSettings } from '../../activities/dependencies.ts';
import { MailerError, type SendFailure } from '../../activities/failures.ts';
import { type Activities, createActivities, type SendRequest } from '../../activities/index.ts';
import type { Mail } from '../../activities/mailers/mailer.ts';
import type { Event } from '../../events/index.ts';
import { createLinks } from '../../runtime/links.ts';
import { createTokens } from '../../runtime/tokens.ts';
import { createKeys, type Keys, messageKey, messageTag } from '../../state/keys.ts';
import { createMemory, type Memory } from '../../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../../state/redis.ts';
import { catalogueFromFiles } from '../../templates/compile/compile-all.ts';
import { templateNames } from '../../templates/names.ts';
import { person } from './events.ts';

const secret = 'ab'.repeat(32);
const prefix = `send-email-test-${randomUUID()}:`;
export const monday = 1_760_000_000_000;
const topics = ['onboarding', 'offers'];
export const catalogue = await catalogueFromFiles(
  fileURLToPath(new URL('../../templates', import.meta.url)),
  templateNames,
  { topics },
);

/** Which words a template has in every scene. */
export const version = (template: string) => catalogue.get(template)?.version;

let redis: Redis;
/** Connects before the tests of a file and disconnects after them; gives the connection. */
export function redisOfThisFile(): () => Redis {
  beforeAll(async () => {
    redis = connectRedis(inject('servers').redis, () => {});
    await redisReady(redis);
  });
  afterAll(() => redis.disconnect());
  return () => redis;
}

/** What the provider says to one call: an id, or what went wrong. */
type Answer = string | SendFailure | Error;

export interface Scene {
  memory: Memory;
  keys: Keys;
  ada: { user_id: string; email: string };
  /** Every mail that the provider was handed. */
  calls: Mail[];
  outcomes: string[];
  /** What was logged for somebody to act on. */
  alerts: string[];
  /** One attempt: `receipt` is transactional, `welcome` marketing. */
  attempt(template: 'receipt' | 'welcome', change?: Partial<SendRequest>): ReturnType<Activities['sendEmail']>;
  /** The same in a workflow turn. */
  attemptNow(template: 'receipt' | 'welcome', change?: Partial<SendRequest>): ReturnType<Activities['sendEmailNow']>;
  tag(template: string): string;
  /** Resolves once a mail that was claimed has been there for longer than `settleAfterMs`. */
  settled(template: string): Promise<void>;
  /** The event feed tells of a mail that was sent after everything so far. */
  feedPasses(): Promise<void>;
}
/** A world of its own in which Ada has an address and agreed, with a provider that answers as told, then with ids. */
export async function scene(
  answers: Answer[] = [],
  change: Partial<SendSettings> & { rateLimit?: number; beforeCall?: () => Promise<void> } = {},
): Promise<Scene> {
  const { rateLimit = 1_000, beforeCall = async () => {}, ...settings } = change;
  const keyPrefix = `${prefix}${randomUUID()}:`;
  const memory = createMemory(redis, { keyPrefix, secret, rateLimit, quotaReserve: 0.1, rememberSendsMs: 60_000 });
  const ada = person('ada');
  await memory.contacts.record(ada.user_id, { email: ada.email, name: 'Ada' }, monday);
  await memory.consents.record(ada.user_id, { id: 'sign-up', state: 'granted', consent: { topics }, at: monday });
  const calls: Mail[] = [];
  const outcomes: string[] = [];
  const alerts: string[] = [];
  const deps: ActivityDependencies = {
    memory,
    templates: { find: async (name) => catalogue.get(name), names: () => templateNames },
    links: createLinks({ publicUrl: 'https://mail.example.com', tokens: createTokens({ secret, keys: ['1'] }) }),
    mailer: {
      async send(mail, lastCheck) {
        await beforeCall();
        await lastCheck();
        calls.push(mail);
        const answer = answers.shift() ?? `ses-${calls.length}`;
        if (typeof answer === 'string') return answer;
        throw answer instanceof Error ? answer : new MailerError(answer, `the provider said ${answer.kind}`);
      },
      readAccount: async () => undefined,
      isOver: async () => false,
      close() {},
    },
    wait: (ms) => sleep(ms),
    localPace: () => 0,
    cancelRun: async () => false,
    log: { info() {}, warn() {}, error: (_: unknown, message?: string) => void alerts.push(String(message)) },
    metrics: {
      sends: { inc: (labels: unknown) => void outcomes.push((labels as { outcome: string }).outcome) },
      duplicates: { inc() {} },
      suppressions: { inc() {} },
      recipientFacts: { inc() {} },
    },
    settings: {
      from: 'Rivulet <hello@example.com>',
      topicTitles: { onboarding: 'Getting started', offers: 'Offers' },
      consentModel: () => 'opt_in',
      sendingTimes: () => [],
      complaintsStop: 'all',
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
  const activities = createActivities(deps);
  return {
    memory,
    keys: createKeys(keyPrefix, secret),
    ada,
    calls,
    outcomes,
    alerts,
    tag,
    attempt: (template, more = {}) => activities.sendEmail({ event, template, ...more }),
    attemptNow: (template, more = {}) => activities.sendEmailNow({ event, template, ...more }),
    settled: (template) =>
      vi.waitFor(
        async () =>
          expect((await memory.sends.read(tag(template)))?.ageMs).toBeGreaterThan(deps.settings.settleAfterMs),
        { interval: 2 },
      ),
    async feedPasses() {
      const later = messageTag(randomUUID());
      await memory.sends.claim(later, 'later', { lane: 'transactional', since: 1, stops: [] });
      await memory.sends.confirm(later, 'ses-later');
    },
  };
}

export async function failureOf(attempt: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await attempt.then(
    (result) => new Error(`it ended: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}

/** Not an error but a wait: Temporal is told when to try again. */
export function expectWait(failure: ApplicationFailure, type: string): number {
  expect(failure).toMatchObject({ type, nonRetryable: false, category: ApplicationFailureCategory.BENIGN });
  expect(failure.nextRetryDelay).toEqual(expect.any(Number));
  return Number(failure.nextRetryDelay);
}

/** Ada opts out of a topic, at `at` (Unix ms). */
export const optsOut = (memory: Memory, userId: string, topic: string, at: number) =>
  memory.consents.record(userId, {
    id: randomUUID(),
    state: 'revoked',
    consent: { topics: [topic], source: 'link' },
    at,
  });

export function anOrder(user_id: string): Event {
  return {
    event_id: randomUUID(),
    event_type: 'order.completed',
    user_id,
    timestamp: monday,
    payload: { order_id: 'o_2', total: 1, currency: 'EUR' },
  };
}
