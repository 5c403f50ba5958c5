import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import { type Activities, createActivities } from '../activities/index.ts';
import type { Mailer } from '../activities/mailers/mailer.ts';
import { createProviderHealth } from '../activities/provider-health.ts';
import { type Attempt, inlinePatienceMs, queuedPatienceMs } from '../activities/send.ts';
import { createLinks } from '../runtime/links.ts';
import { createTokens } from '../runtime/tokens.ts';
import type { Postgres } from '../store/postgres/connect.ts';
import type { Redis } from '../store/redis/connect.ts';
import { createRedisKeys } from '../store/redis/keys.ts';
import { createSlots } from '../store/redis/slots.ts';
import type { Slots } from '../store/slots.ts';
import { createStore, type Store } from '../store/store.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { catalogueFromFiles } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { root } from './processes.ts';

/** The product's own send path in this process, with a provider that accepts every email at once. */
export interface Sending {
  store: Store;
  activities: Activities;
  catalogue: Catalogue;
  mailer: Mailer;
  /** Slots of an account of its own that allows one email a second: everything waits for them. */
  waiting: Slots;
}

const noCount = { inc() {} };

export async function createSending({ postgres, redis }: { postgres: Postgres; redis: Redis }): Promise<Sending> {
  const secret = randomBytes(32).toString('hex');
  const keyPrefix = `bench-${randomUUID()}:`;
  const store = createStore({ postgres, redis }, { keyPrefix, secret, rateLimit: 1_000_000, quotaReserve: 0.1 });
  const catalogue = await catalogueFromFiles(join(root, 'templates'), templateNames, {
    topics: ['onboarding', 'offers'],
  });
  const log = { info() {}, warn() {}, error: console.error };
  const mailer: Mailer = {
    send: async (_, lastCheck) => lastCheck().then(() => randomUUID()),
    readAccount: async () => undefined,
    isOver: async () => true,
    close() {},
  };
  const activities = createActivities({
    store,
    templates: { find: async (name) => catalogue.get(name), names: () => templateNames },
    mailer,
    links: createLinks({
      publicUrl: 'https://mail.example.com',
      tokens: createTokens({ secret, keys: ['1'], installation: 'bench' }),
    }),
    attemptOf: (_, way) => firstAttempt(way),
    now: Date.now,
    wait: (ms) => sleep(ms),
    health: createProviderHealth({ store, log, gate: () => 'open' }),
    cancelRun: async () => false,
    log,
    metrics: { sends: noCount, duplicates: noCount, suppressions: noCount, recipientFacts: noCount },
    settings,
  });
  const waiting = createSlots(redis, createRedisKeys(`${keyPrefix}waiting:`), { perSecond: 1, quotaReserve: 0.1 });
  return { store, activities, catalogue, mailer, waiting };
}

const settings: ActivityDependencies['settings'] = {
  sender: () => ({ from: 'Rivulet <hello@example.com>' }),
  topicTitles: { onboarding: 'Getting started' },
  configurationSet: 'rivulet',
  consentModel: () => 'opt_in',
  sendingTimes: () => [],
  complaintsStop: 'all',
  settleAfterMs: 180_000,
  backoffMs: 1_000,
  maxAttempts: 8,
  probeEveryMs: 60_000,
};

function firstAttempt(way: Attempt['way']): Attempt {
  return {
    id: randomUUID(),
    way,
    isFirst: true,
    patienceMs: way === 'inline' ? inlinePatienceMs : queuedPatienceMs,
    askedForMs: 0,
    unsent: [],
    leaveUnsent() {},
  };
}
