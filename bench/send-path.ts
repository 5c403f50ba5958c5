import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import PQueue from 'p-queue';

import { createActivities } from '../activities/index.ts';
import { renderFor } from '../activities/render-email.ts';
import type { Event } from '../events/index.ts';
import { startServers } from '../local/servers/start-servers.ts';
import { createLinks } from '../runtime/links.ts';
import { createTokens } from '../runtime/tokens.ts';
import { createMemory } from '../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import type { Template } from '../templates/catalogue.ts';
import { catalogueFromFiles } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { countCpu } from './cpu.ts';
import { root } from './processes.ts';
import { countCommands } from './redis-calls.ts';
import type { Result, Scenario } from './scenario.ts';

const nobody = { inc() {} };

/**
 * What ledger, rate limit, stops and the second look at consent cost a send: the activity `sendEmailNow` with a provider that
 * says yes at once, beside rendering and the same provider alone, in turn, twice. Redis writes each claim to disk.
 */
export const send: Scenario = async ({ emails: sends }, interrupted) => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  const servers = await startServers({ dataDir: join(folder, 'data'), root, portPolicy: 'free', durable: true });
  const redis = connectRedis(servers.redis.url, (error) => console.error(error));
  try {
    await redisReady(redis);
    return await Promise.race([bench(redis, servers.redis.pid, sends), interrupted]);
  } finally {
    redis.disconnect();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function bench(redis: Redis, redisPid: number, sends: number): Promise<Result> {
  const prefix = `bench-${randomUUID()}:`;
  const secret = randomBytes(32).toString('hex');
  const memory = createMemory(redis, {
    keyPrefix: prefix,
    secret,
    rateLimit: 1_000_000,
    quotaReserve: 0.1,
    rememberSendsMs: 600_000,
  });
  const catalogue = await catalogueFromFiles(join(root, 'templates'), templateNames, {
    topics: ['onboarding', 'offers'],
  });
  const contact = { email: 'ada@example.com', name: 'Ada' };
  await memory.contacts.record('ada', contact, 1);
  await memory.consents.record('ada', { id: 'bench', state: 'granted', consent: { topics: ['onboarding'] }, at: 1 });
  const mailer = {
    send: async (_: unknown, lastCheck: () => Promise<void>) => lastCheck().then(() => 'id'),
    readAccount: async () => undefined,
    isOver: async () => true,
    close() {},
  };
  const activities = createActivities({
    memory,
    templates: { find: async (name) => catalogue.get(name), names: () => templateNames },
    mailer,
    links: createLinks({ publicUrl: 'https://mail.example.com', tokens: createTokens({ secret, keys: ['1'] }) }),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    localPace: () => 0,
    log: { info() {}, warn() {}, error() {} },
    metrics: { sends: nobody, duplicates: nobody, suppressions: nobody, recipientFacts: nobody },
    cancelRun: async () => false,
    settings: {
      from: 'Rivulet <hello@example.com>',
      topicTitles: { onboarding: 'Getting started' },
      configurationSet: 'rivulet',
      consentModel: () => 'opt_in',
      sendingTimes: () => [],
      complaintsStop: 'all',
      settleAfterMs: 180_000,
      backoffMs: 1_000,
      maxAttempts: 8,
      probeEveryMs: 60_000,
    },
  });
  let sent = 0;
  const withAll = async (template: string) => {
    const { outcome } = await activities.sendEmailNow({ event: signup(), template, journey: 'onboarding' });
    if (outcome === 'sent') sent += 1;
  };
  const alone = async (template: string) => {
    const { payload } = signup();
    renderFor(catalogue.get(template) as Template, contact, payload);
    await mailer.send(undefined, async () => {});
  };

  const rows = [['', 'sends', 'Redis calls of one', 'node CPU-ms of one', 'Redis CPU-ms of one']];
  for (const [name, send] of [
    ['warm-up', withAll],
    ['render and provider alone', alone],
    ['whole send path, durable', withAll],
    ['render and provider alone', alone],
    ['whole send path, durable', withAll],
  ] as const) {
    const { calls, node, server } = await measure(redis, redisPid, sends, () => send('welcome'));
    if (name !== 'warm-up') rows.push([name, String(sends), calls, node, server]);
  }
  // A round to warm up, two that count, and the one send whose calls are listed.
  const wanted = 3 * sends + 1;
  const counted = countCommands(redis);
  await withAll('welcome');
  const commands = [...counted()].map(([command, calls]) => [command, String(calls)]);
  return {
    tables: [
      { title: 'The activity sendEmailNow, with a provider that says yes at once', rows },
      { title: 'Redis calls of one marketing send, by command', rows: [['', 'calls'], ...commands] },
    ],
    notes: [],
    figures: { sent },
    mistakes: sent === wanted ? [] : [`${sent} sends ended with a mail instead of ${wanted}`],
  };
}

async function measure(
  redis: Redis,
  redisPid: number,
  sends: number,
  send: () => Promise<unknown>,
): Promise<{ calls: string; node: string; server: string }> {
  const counted = countCommands(redis);
  const spent = countCpu({ node: process.pid, redis: redisPid });
  const queue = new PQueue({ concurrency: 50 });
  for (let i = 0; i < sends; i++) void queue.add(send);
  await queue.onIdle();
  const { by } = spent();
  const each = (sum: number, digits: number) => (sum / sends).toFixed(digits);
  return {
    calls: each(
      [...counted().values()].reduce((sum, count) => sum + count, 0),
      2,
    ),
    node: each(by.node, 3),
    server: each(by.redis, 3),
  };
}

function signup(): Event {
  return { event_id: randomUUID(), event_type: 'user.signed_up', user_id: 'ada', timestamp: Date.now(), payload: {} };
}
