import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';

import PQueue from 'p-queue';

import { createActivities } from '../activities/index.ts';
import { renderFor } from '../activities/render-email.ts';
import type { Event } from '../events/index.ts';
import { createLinks } from '../runtime/links.ts';
import { createTokens } from '../runtime/tokens.ts';
import { createMemory } from '../state/memory.ts';
import type { Template } from '../templates/catalogue.ts';
import { catalogueFromFiles } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { root } from './processes.ts';
import { countCommands } from './redis-calls.ts';
import type { Result, Scenario } from './scenario.ts';
import { type ServersAlone, withServersAlone } from './servers-alone.ts';
import { surroundingsOfServers } from './surroundings.ts';

const nobody = { inc() {} };

/**
 * What ledger, rate limit, stops and the second look at consent cost a send: the activity `sendEmailNow` with a provider that
 * says yes at once, beside rendering and the same provider alone, in turn, twice. Redis writes each claim to disk.
 */
export const send: Scenario = ({ emails: sends }, interrupted) =>
  withServersAlone({ durable: true }, interrupted, (stage) => bench(stage, sends));

async function bench(stage: ServersAlone, sends: number): Promise<Result> {
  const { redis } = stage;
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

  const measured: Measured[] = [];
  for (const [name, send] of [
    ['warm-up', withAll],
    ['render and provider alone', alone],
    ['whole send path, durable', withAll],
    ['render and provider alone', alone],
    ['whole send path, durable', withAll],
  ] as const) {
    const found = await measure(stage, sends, () => send('welcome'));
    if (name !== 'warm-up') measured.push({ name, ...found });
  }
  // A round to warm up, two that count, and the one send whose calls are listed.
  const wanted = 3 * sends + 1;
  const counted = countCommands(redis);
  await withAll('welcome');
  const commands = [...counted()].map(([command, calls]) => [command, String(calls)]);
  return {
    surroundings: await surroundingsOfServers(stage),
    tables: [
      { title: 'The activity sendEmailNow, with a provider that says yes at once', rows: rows(measured, sends) },
      { title: 'Redis calls of one marketing send, by command', rows: [['', 'calls'], ...commands] },
    ],
    notes: [],
    figures: { sends, sent, measured },
    mistakes: sent === wanted ? [] : [`${sent} sends ended with a mail instead of ${wanted}`],
  };
}

/** Of one send: calls, and CPU-ms. */
interface Measured {
  name: string;
  calls: number;
  node: number;
  redis: number;
  others: number;
}

async function measure(
  { redis, servers }: ServersAlone,
  sends: number,
  send: () => Promise<unknown>,
): Promise<Omit<Measured, 'name'>> {
  const counted = countCommands(redis);
  const endCpu = countCpu({ node: process.pid, redis: servers.redis.pid });
  const queue = new PQueue({ concurrency: 50 });
  for (let i = 0; i < sends; i++) void queue.add(send);
  await queue.onIdle();
  const spent = endCpu();
  const calls = [...counted().values()].reduce((sum, count) => sum + count, 0);
  return {
    calls: calls / sends,
    node: spent.by.node / sends,
    redis: spent.by.redis / sends,
    others: othersPercent(spent),
  };
}

function rows(measured: readonly Measured[], sends: number): string[][] {
  return [
    ['', 'sends', 'Redis calls of one', 'node CPU-ms of one', 'Redis CPU-ms of one', 'CPUs used by others, %'],
    ...measured.map(({ name, calls, node, redis, others }) => {
      return [name, String(sends), calls.toFixed(2), node.toFixed(3), redis.toFixed(3), others.toFixed(0)];
    }),
  ];
}

function signup(): Event {
  return { event_id: randomUUID(), event_type: 'user.signed_up', user_id: 'ada', timestamp: Date.now(), payload: {} };
}
