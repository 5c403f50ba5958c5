import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { createMemory, type Memory } from '../state/memory.ts';
import type { Redis } from '../state/redis.ts';
import type { Terms } from '../state/rates.ts';
import { stopsBefore } from '../state/stops.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { mean, perSecond, spread } from './figures.ts';
import { countCommands } from './redis-calls.ts';
import type { Scenario } from './scenario.ts';
import { withServersAlone } from './servers-alone.ts';
import { surroundingsOfServers } from './surroundings.ts';

const limits = [14, 500, 5_000];
const runMs = 6_000;
/** The first second is not counted: nobody has a place yet. */
const settleMs = 1_000;
/** Mails that want to leave at once, as in one worker. */
const inFlight = 100;

const ways = ['in the turn', 'on the queue'] as const;
type Way = (typeof ways)[number];

interface Limited {
  limit: number;
  way: Way;
  left: number[];
  calls: number;
  node: number;
  redis: number;
  others: number;
}

/** The shared rate limit by itself: how exactly it holds, and what it costs a mail, on both ways out. */
export const limiter: Scenario = (_, interrupted) =>
  withServersAlone({ durable: false }, interrupted, async (alone) => {
    const measured: Limited[] = [];
    for (const way of ways) {
      for (const limit of limits) {
        console.error(`limiter: ${limit} a second, ${way}`);
        measured.push(await runAt(limit, way, alone.redis, alone.servers.redis.pid));
      }
    }
    return {
      surroundings: await surroundingsOfServers(alone),
      tables: [
        { title: `${inFlight} mails waiting at any time, ${(runMs - settleMs) / 1_000} s each`, rows: rows(measured) },
      ],
      notes: [
        `In the turn, which is the way of a mail that need not wait, one script is limit, last look and claim; asked again when
the slot has come. A mail on the queue reserves its slot, waits for it, and claims the ledger. The claim is what moves the
limit on. What else a send asks of Redis (the look before, the provider's answer after) is not in here: see \`send\`. No
mail is sent to the queue, however long it waits.`,
      ],
      figures: { measured },
      mistakes: [],
    };
  });

async function runAt(limit: number, way: Way, redis: Redis, redisPid: number): Promise<Limited> {
  const settings = { rateLimit: limit, quotaReserve: 0.1, rememberSendsMs: 600_000 };
  const keyPrefix = `bench-${randomUUID()}:`;
  const memory = createMemory(redis, { keyPrefix, secret: randomBytes(32).toString('hex'), ...settings });
  const people = Array.from({ length: inFlight }, (_, index) => `u_${index}`);
  const leave = way === 'in the turn' ? await inTheTurn(memory, people) : onTheQueue(memory);
  const leftAt: number[] = [];
  const from = Date.now() + settleMs;
  const until = Date.now() + runMs;
  const lines = people.map(async (user) => {
    while (Date.now() < until) leftAt.push(await leave(user));
  });
  await sleep(settleMs);
  const counted = countCommands(redis);
  const cpu = countCpu({ node: process.pid, redis: redisPid });
  const before = leftAt.length;
  await sleep(until - Date.now());
  const spent = cpu();
  const calls = [...counted().values()].reduce((sum, count) => sum + count, 0);
  const mails = leftAt.length - before;
  await Promise.all(lines);
  return {
    limit,
    way,
    left: perSecond(leftAt, from, until),
    calls: calls / mails,
    node: spent.by.node / mails,
    redis: spent.by.redis / mails,
    others: othersPercent(spent),
  };
}

/** One mail to this person, from asking for its turn to its claim. Gives back when it left. */
type Leave = (user: string) => Promise<number>;

/** As `sendEmailNow` does it, but for its patience. What is known of each person is looked at once: nothing of it changes here. */
async function inTheTurn({ contacts, consents, departures }: Memory, people: readonly string[]): Promise<Leave> {
  const seen = new Map<string, string>();
  for (const user of people) {
    await contacts.record(user, { email: `${user}@example.com` }, 1);
    await consents.record(user, { id: 'bench', state: 'granted', consent: { topics: [topic] }, at: 1 });
    seen.set(user, (await departures.look(user, { user, topic })).seen);
  }
  return async (user) => {
    const [tag, terms] = newMail();
    const about = { user, topic, template: 'welcome', version: '0123456789ab' };
    for (;;) {
      const departed = await departures.leave(tag, randomUUID(), terms, seen.get(user)!, about);
      if (departed.kind === 'claimed') return Date.now();
      if (departed.kind !== 'wait') throw new Error(`The way out said ${departed.kind} to a mail.`);
      await sleep(departed.waitMs);
    }
  };
}

/** As `sendEmail` does it. */
function onTheQueue({ rates, sends }: Memory): Leave {
  return async () => {
    const [tag, terms] = newMail();
    for (;;) {
      const turn = await rates.reserve(tag, terms);
      if (turn.kind !== 'slot' && turn.kind !== 'queued') throw new Error(`The limit said ${turn.kind} to a mail.`);
      await sleep(turn.waitMs);
      if (turn.kind === 'slot') break;
    }
    for (;;) {
      const claimed = await sends.claim(tag, randomUUID(), terms);
      if (claimed.kind === 'claimed') return Date.now();
      if (claimed.kind !== 'too_early') throw new Error(`The ledger said ${claimed.kind} to a mail.`);
      await sleep(claimed.waitMs);
    }
  };
}

const topic = 'onboarding';
const stops = stopsBefore({
  from: 'Rivulet <hello@example.com>',
  configurationSet: 'rivulet',
  journey: 'onboarding',
  topic,
});

function newMail(): [tag: string, terms: Terms] {
  return [randomUUID(), { lane: 'marketing', since: Date.now(), stops }];
}

function rows(measured: readonly Limited[]): string[][] {
  return [
    [
      'way out',
      'limit a second',
      'median second',
      'fewest',
      'most',
      'mean / limit',
      'Redis calls',
      'node CPU-ms',
      'Redis CPU-ms',
      'CPUs used by others, %',
    ],
    ...measured.map(({ way, limit, left, calls, node, redis, others }) => {
      const { median, min, max } = spread(left);
      const counts = [limit, median, min, max].map(String);
      const costs = [calls.toFixed(2), node.toFixed(3), redis.toFixed(3), others.toFixed(0)];
      return [way, ...counts, (mean(left) / limit).toFixed(3), ...costs];
    }),
  ];
}
