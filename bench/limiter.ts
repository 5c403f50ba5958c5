import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startServers } from '../local/servers/start-servers.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import type { Terms } from '../state/rates.ts';
import { countCpu } from './cpu.ts';
import { perSecond, spread } from './figures.ts';
import { root } from './processes.ts';
import { countCommands } from './redis-calls.ts';
import type { Scenario } from './scenario.ts';

const limits = [14, 500, 5_000];
const runMs = 6_000;
/** The first second is not counted: nobody has a place yet. */
const settleMs = 1_000;
/** Mails that want to leave at once, as in one worker. */
const inFlight = 100;

interface Limited {
  limit: number;
  left: number[];
  calls: number;
  node: number;
  redis: number;
}

/** The shared rate limit by itself: how exactly it holds, and what it costs a mail. */
export const limiter: Scenario = async (_, interrupted) => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  const servers = await startServers({ dataDir: join(folder, 'data'), root, portPolicy: 'free', durable: false });
  const redis = connectRedis(servers.redis.url, (error) => console.error(error));
  try {
    await redisReady(redis);
    const measured: Limited[] = [];
    for (const limit of limits) {
      console.error(`limiter: ${limit} a second`);
      measured.push(await Promise.race([runAt(limit, redis, servers.redis.pid), interrupted]));
    }
    return {
      tables: [
        { title: `${inFlight} mails waiting at any time, ${(runMs - settleMs) / 1_000} s each`, rows: rows(measured) },
      ],
      notes: ['A mail reserves its slot, waits for it, and claims the ledger: the claim is what moves the limit on.'],
      figures: { measured },
      mistakes: [],
    };
  } finally {
    redis.disconnect();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function runAt(limit: number, redis: Redis, redisPid: number): Promise<Limited> {
  const settings = { rateLimit: limit, quotaReserve: 0.1, rememberSendsMs: 600_000 };
  const keyPrefix = `bench-${randomUUID()}:`;
  const memory = createMemory(redis, { keyPrefix, secret: randomBytes(32).toString('hex'), ...settings });
  const leftAt: number[] = [];
  const from = Date.now() + settleMs;
  const until = Date.now() + runMs;
  const lines = Array.from({ length: inFlight }, async () => {
    while (Date.now() < until) leftAt.push(await leave(memory));
  });
  await sleep(settleMs);
  const counted = countCommands(redis);
  const cpu = countCpu({ node: process.pid, redis: redisPid });
  const before = leftAt.length;
  await sleep(until - Date.now());
  const { by } = cpu();
  const calls = [...counted().values()].reduce((sum, count) => sum + count, 0);
  const mails = leftAt.length - before;
  await Promise.all(lines);
  return {
    limit,
    left: perSecond(leftAt, from, until),
    calls: calls / mails,
    node: by.node / mails,
    redis: by.redis / mails,
  };
}

/** One mail, from asking for its turn to its claim, as `sendEmail` does it. Gives back when it left. */
async function leave({ rates, sends }: Memory): Promise<number> {
  const tag = randomUUID();
  const terms: Terms = { lane: 'marketing', since: Date.now(), stops: [] };
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
}

function rows(measured: readonly Limited[]): string[][] {
  return [
    ['limit a second', 'median second', 'fewest', 'most', 'mean / limit', 'Redis calls', 'node CPU-ms', 'Redis CPU-ms'],
    ...measured.map(({ limit, left, calls, node, redis }) => {
      const { median, min, max } = spread(left);
      const mean = left.reduce((sum, count) => sum + count, 0) / left.length;
      const counts = [median, min, max].map(String);
      return [String(limit), ...counts, (mean / limit).toFixed(3), calls.toFixed(2), node.toFixed(3), redis.toFixed(3)];
    }),
  ];
}
