import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Redis } from '../store/redis/connect.ts';
import { createRedisKeys } from '../store/redis/keys.ts';
import { createSlots } from '../store/redis/slots.ts';
import type { Slots } from '../store/slots.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { mean, perSecond, spread } from './figures.ts';
import { countCommands } from './redis-calls.ts';
import type { Scenario } from './scenario.ts';
import { withServersAlone } from './servers-alone.ts';
import { surroundingsOfServers } from './surroundings.ts';

/** Emails per second; the last is no limit, for what a call costs when nothing has to wait. */
const limits = [14, 500, 5_000, 1_000_000];
const runMs = 6_000;
/** The first second is not counted: no email has a place yet. */
const settleMs = 1_000;
/** Emails that want to be sent at the same time, as in one worker. */
const inFlight = 100;

interface Limited {
  limit: number;
  sent: number[];
  calls: number;
  node: number;
  redis: number;
  others: number;
}

/** The shared rate limit by itself: how exactly it holds, and what it costs an email. */
export const limiter: Scenario = (_, interrupted) =>
  withServersAlone({ durable: false }, interrupted, async (alone) => {
    const measured: Limited[] = [];
    for (const limit of limits) {
      console.error(`limiter: ${limit} a second`);
      measured.push(await runAt(limit, alone.redis, alone.servers.redis.pid));
    }
    return {
      surroundings: await surroundingsOfServers(alone),
      tables: [
        { title: `${inFlight} emails waiting at any time, ${(runMs - settleMs) / 1_000} s each`, rows: rows(measured) },
      ],
      notes: [
        `One script call takes the slot of an email that need not wait. One that has to wait asks again when its slot has come.
The claim in Postgres that follows is not measured here: see \`send\`.`,
      ],
      figures: { measured },
      mistakes: [],
    };
  });

async function runAt(limit: number, redis: Redis, redisPid: number): Promise<Limited> {
  const slots = createSlots(redis, createRedisKeys(`bench-${randomUUID()}:`), { perSecond: limit, quotaReserve: 0.1 });
  const sentAt: number[] = [];
  const from = Date.now() + settleMs;
  const until = Date.now() + runMs;
  const lines = Array.from({ length: inFlight }, async () => {
    while (Date.now() < until) sentAt.push(await send(slots));
  });
  await sleep(settleMs);
  const counted = countCommands(redis);
  const cpu = countCpu({ node: process.pid, redis: redisPid });
  const before = sentAt.length;
  await sleep(until - Date.now());
  const spent = cpu();
  const calls = [...counted().values()].reduce((sum, count) => sum + count, 0);
  const emails = sentAt.length - before;
  await Promise.all(lines);
  return {
    limit,
    sent: perSecond(sentAt, from, until),
    calls: calls / emails,
    node: spent.by.node / emails,
    redis: spent.by.redis / emails,
    others: othersPercent(spent),
  };
}

/** One email, from asking for its slot to having it. Returns when it had it. */
async function send(slots: Slots): Promise<number> {
  const id = randomUUID();
  const terms = { lane: 'marketing', since: Date.now() } as const;
  for (;;) {
    const slot = await slots.take(id, terms);
    if (slot.kind === 'slot') return Date.now();
    if (slot.kind === 'no_quota') throw new Error('An account without a quota has none left.');
    await sleep(slot.waitMs);
  }
}

function rows(measured: readonly Limited[]): string[][] {
  return [
    [
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
    ...measured.map(({ limit, sent, calls, node, redis, others }) => {
      const { median, min, max } = spread(sent);
      const counts = [limit, median, min, max].map(String);
      const costs = [calls.toFixed(2), node.toFixed(3), redis.toFixed(3), others.toFixed(0)];
      return [...counts, (mean(sent) / limit).toFixed(3), ...costs];
    }),
  ];
}
