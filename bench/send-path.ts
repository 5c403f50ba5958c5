import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import { renderEmail } from '../activities/render-email.ts';
import type { Event } from '../events/index.ts';
import type { Template } from '../templates/catalogue.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { countCommands } from './redis-calls.ts';
import type { Result, Scenario } from './scenario.ts';
import { createSending } from './sending.ts';
import { type ServersAlone, withServersAlone } from './servers-alone.ts';
import { countStatements } from './statements.ts';
import { surroundingsOfServers } from './surroundings.ts';

/**
 * What the record and the rate limit cost a send: the activity `sendEmailInline` with a provider that accepts at once, compared
 * with rendering and the same provider alone, alternating, twice. Postgres writes each commit to disk unless `--fsync off`.
 */
export const send: Scenario = ({ emails: sends, fsync }, interrupted) =>
  withServersAlone({ durable: fsync }, interrupted, (stage) => bench(stage, sends));

async function bench(stage: ServersAlone, sends: number): Promise<Result> {
  const { redis } = stage;
  const { postgres, counted: statements } = countStatements(stage.postgres);
  const { store, activities, catalogue, mailer } = await createSending({ postgres, redis });
  const contact = { email: 'ada@example.com', name: 'Ada' };
  await store.contacts.record('ada', contact, 1);
  await store.consents.record('ada', { id: 'bench', state: 'granted', consent: { topics: ['onboarding'] }, at: 1 });
  let sent = 0;
  const withAll = async (template: string) => {
    const { outcome } = await activities.sendEmailInline({ event: signup(), template, journey: 'onboarding' });
    if (outcome === 'sent') sent += 1;
  };
  const alone = async (template: string) => {
    const { payload } = signup();
    const { subject, html, text } = renderEmail(catalogue.get(template) as Template, contact, payload);
    await mailer.send({ from: '', to: contact.email, subject, html, text, headers: [], tag: '' }, async () => {});
  };

  const measured: Measured[] = [];
  for (const [name, send] of [
    ['warm-up', withAll],
    ['render and provider alone', alone],
    ['whole send path', withAll],
    ['render and provider alone', alone],
    ['whole send path', withAll],
  ] as const) {
    const found = await measure(stage, statements, sends, () => send('welcome'));
    if (name !== 'warm-up') measured.push({ name, ...found });
  }
  const countCalls = async (send: () => Promise<unknown>) => {
    const commands = countCommands(redis);
    statements();
    await send();
    return new Map([...statements(), ...commands()]);
  };
  const inline = await countCalls(() => withAll('welcome'));
  const queued = await countCalls(async () => {
    const { outcome } = await activities.sendEmail({ event: signup(), template: 'welcome', journey: 'onboarding' });
    if (outcome === 'sent') sent += 1;
  });
  const names = [...new Set([...inline.keys(), ...queued.keys()])];
  const calls = names.map((name) => [name, ...[inline, queued].map((each) => String(each.get(name) ?? 0))]);
  // A round to warm up, two that count, and two sends whose calls are listed.
  const wanted = 3 * sends + 2;
  return {
    surroundings: await surroundingsOfServers(stage),
    tables: [
      { title: 'The activity sendEmailInline, with a provider that accepts at once', rows: rows(measured, sends) },
      {
        title: 'Statements and Redis calls of one marketing email (EVALSHA: the slot)',
        rows: [['', 'inline', 'queued'], ...calls],
      },
    ],
    notes: ['Statements are counted where the store asks them (Postgres.query), Redis calls in its client.'],
    figures: { sends, sent, measured },
    mistakes: sent === wanted ? [] : [`${sent} emails instead of ${wanted}`],
  };
}

/** Of one send: statements and calls, and CPU-ms. */
interface Measured {
  name: string;
  statements: number;
  calls: number;
  node: number;
  postgres: number;
  redis: number;
  others: number;
}

async function measure(
  { redis, servers }: ServersAlone,
  countedStatements: () => Map<string, number>,
  sends: number,
  send: () => Promise<unknown>,
): Promise<Omit<Measured, 'name'>> {
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);
  countedStatements();
  const commands = countCommands(redis);
  const endCpu = countCpu({ node: process.pid, postgres: servers.postgres.pid, redis: servers.redis.pid });
  const queue = new PQueue({ concurrency: 50 });
  for (let i = 0; i < sends; i++) void queue.add(send);
  await queue.onIdle();
  const spent = endCpu();
  return {
    statements: sum(countedStatements()) / sends,
    calls: sum(commands()) / sends,
    node: spent.by.node / sends,
    postgres: spent.by.postgres / sends,
    redis: spent.by.redis / sends,
    others: othersPercent(spent),
  };
}

function rows(measured: readonly Measured[], sends: number): string[][] {
  return [
    [
      'of one',
      'sends',
      'statements',
      'Redis calls',
      'node CPU-ms',
      'Postgres CPU-ms',
      'Redis CPU-ms',
      'CPUs used by others, %',
    ],
    ...measured.map(({ name, statements, calls, node, postgres, redis, others }) => {
      const numbers = [statements.toFixed(2), calls.toFixed(2), node.toFixed(3), postgres.toFixed(3), redis.toFixed(3)];
      return [name, String(sends), ...numbers, others.toFixed(0)];
    }),
  ];
}

function signup(): Event {
  return { event_id: randomUUID(), event_type: 'user.signed_up', user_id: 'ada', timestamp: Date.now(), payload: {} };
}
