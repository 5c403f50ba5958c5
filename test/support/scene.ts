import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject } from 'vitest';

import type { ActivityDependencies, SendSettings } from '../../activities/dependencies.ts';
import { MailerError, type SendFailure } from '../../activities/failures.ts';
import { createProviderHealth } from '../../activities/provider-health.ts';
import { type Attempt, inlinePatienceMs, queuedPatienceMs } from '../../activities/send.ts';
import { type Activities, createActivities, type SendRequest } from '../../activities/index.ts';
import type { Mail } from '../../activities/mailers/mailer.ts';
import type { Event } from '../../events/index.ts';
import { createLinks } from '../../runtime/links.ts';
import { createTokens } from '../../runtime/tokens.ts';
import { messageKey, messageTag } from '../../store/message-key.ts';
import { minuteOf } from '../../store/feed.ts';
import type { Postgres } from '../../store/postgres/connect.ts';
import { connectRedis, type Redis, redisReady } from '../../store/redis/connect.ts';
import { createRedisKeys, type RedisKeys } from '../../store/redis/keys.ts';
import type { EmailIdentity } from '../../store/sends.ts';
import { createStore, type Store } from '../../store/store.ts';
import { catalogueFromFiles } from '../../templates/compile/compile-all.ts';
import { templateNames } from '../../templates/names.ts';
import { ownDatabase } from './database.ts';
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

let servers: { postgres: Postgres; redis: Redis };
/** Connects before the tests of a file, to a database of its own, and disconnects after them. */
export function serversOfThisFile(): typeof servers {
  const database = ownDatabase(24);
  const connected = {} as typeof servers;
  beforeAll(async () => {
    const redis = connectRedis({ url: inject('servers').redis }, () => {});
    await redisReady(redis);
    servers = Object.assign(connected, { redis, postgres: database.postgres });
  });
  afterAll(() => servers.redis.disconnect());
  return connected;
}

/** What the provider says to one call: an id, or what went wrong. */
type Answer = string | SendFailure | Error;

export interface Scene {
  store: Store;
  keys: RedisKeys;
  ada: { user_id: string; email: string };
  /** Every mail that the provider was handed. */
  calls: Mail[];
  outcomes: string[];
  /** What was logged for somebody to act on. */
  alerts: string[];
  /** One attempt: `receipt` is transactional, `welcome` marketing. */
  attempt(template: 'receipt' | 'welcome', change?: Partial<SendRequest>): ReturnType<Activities['sendEmail']>;
  /** The same within a workflow task. */
  attemptInline(
    template: 'receipt' | 'welcome',
    change?: Partial<SendRequest>,
  ): ReturnType<Activities['sendEmailInline']>;
  tag(template: string): string;
  /** What the ledger knows the email by. */
  identity(template: string): EmailIdentity;
  /** Makes the claim of an email so much older, as if that time had passed. */
  passes(template: string, ms: number): Promise<void>;
  /** The feed reports emails that were dispatched after everything so far, and was read up to then. */
  feedPasses(): Promise<void>;
}
/** A world of its own in which Ada has an address and agreed, with a provider that answers as told, then with ids. */
export async function scene(
  answers: Answer[] = [],
  change: Partial<SendSettings> & {
    rateLimit?: number;
    beforeCall?: () => Promise<void>;
    gate?: () => 'open' | 'closed' | 'ready';
  } = {},
): Promise<Scene> {
  const { rateLimit = 1_000, beforeCall = async () => {}, gate = () => 'open', ...settings } = change;
  const keyPrefix = `${prefix}${randomUUID()}:`;
  // What concerns everyone must not be left over from the test before.
  await servers.postgres.query({ name: '', text: 'TRUNCATE stop, feed_reader, feed_minute' });
  const store = createStore(servers, { keyPrefix, secret, rateLimit, quotaReserve: 0.1 });
  const ada = person('ada');
  await store.contacts.record(ada.user_id, { email: ada.email, name: 'Ada' }, monday);
  await store.consents.record(ada.user_id, { id: 'sign-up', state: 'granted', consent: { topics }, at: monday });
  const calls: Mail[] = [];
  const outcomes: string[] = [];
  const alerts: string[] = [];
  const unsent: string[] = [];
  const deps: ActivityDependencies = {
    store,
    now: () => Date.now(),
    templates: { find: async (name) => catalogue.get(name), names: () => templateNames },
    links: createLinks({
      publicUrl: 'https://mail.example.com',
      tokens: createTokens({ secret, keys: ['1'], installation: 'test' }),
    }),
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
    attemptOf: (request, way) => attemptAt(request, way, unsent),
    health: createProviderHealth({
      store,
      gate,
      log: { error: (_: unknown, message?: string) => void alerts.push(String(message)) },
    }),
    cancelRun: async () => false,
    log: { info() {}, warn() {}, error: (_: unknown, message?: string) => void alerts.push(String(message)) },
    metrics: {
      sends: { inc: (labels: unknown) => void outcomes.push((labels as { outcome: string }).outcome) },
      duplicates: { inc() {} },
      suppressions: { inc() {} },
      recipientFacts: { inc() {} },
    },
    settings: {
      sender: () => ({ from: 'Rivulet <hello@example.com>' }),
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
    store,
    keys: createRedisKeys(keyPrefix),
    ada,
    calls,
    outcomes,
    alerts,
    tag,
    identity: (template) => {
      const { class: kind, topic, version: templateVersion } = catalogue.get(template)!;
      const messageKey = `${event.event_id}/${template}`;
      const { event_id: eventId, user_id: user } = event;
      return {
        tag: tag(template),
        messageKey,
        eventId,
        user,
        template,
        templateVersion,
        topic,
        class: kind,
        askedAt: monday,
        stops: [],
      };
    },
    attempt: (template, more = {}) => activities.sendEmail({ event, template, ...more }),
    attemptInline: (template, more = {}) => activities.sendEmailInline({ event, template, ...more }),
    async passes(template, ms) {
      const older = `UPDATE send SET claimed_at = claimed_at - $2 * interval '1 millisecond' WHERE tag = $1`;
      await servers.postgres.query({ name: '', text: older }, [tag(template), ms]);
      const longer = `UPDATE send SET doubt = doubt || jsonb_build_object('since', (doubt ->> 'since')::bigint - $2::bigint) WHERE tag = $1`;
      await servers.postgres.query({ name: '', text: longer }, [tag(template), ms]);
    },
    async feedPasses() {
      await store.feed.progress('ingress', 0);
      await store.feed.reported([laterEmails()]);
    },
  };
}

/** Emails that were dispatched after everything so far, as the feed reports them. */
export const laterEmails = (reported = 10, slowestMs = 5) => ({ minute: minuteOf(Date.now()), reported, slowestMs });

/** An attempt as Temporal would run it, with an id of its own. Claims that it leaves as unsent are known to the next one. */
function attemptAt(request: SendRequest, way: Attempt['way'], unsent: string[]): Attempt {
  return {
    id: randomUUID(),
    way,
    isFirst: true,
    patienceMs: way === 'inline' ? inlinePatienceMs : queuedPatienceMs,
    askedForMs: Date.now() - (request.since ?? request.event.timestamp),
    unsent,
    leaveUnsent: (claim) => void unsent.push(claim),
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
export const optsOut = (store: Store, userId: string, topic: string, at: number) =>
  store.consents.record(userId, {
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
