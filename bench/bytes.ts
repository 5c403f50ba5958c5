import PQueue from 'p-queue';
import pg from 'pg';

import { type Step, stepsOf } from './bytes-steps.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { countCommands } from './redis-calls.ts';
import type { Result, Scenario } from './scenario.ts';
import { createSending } from './sending.ts';
import { type ServersAlone, withServersAlone } from './servers-alone.ts';
import { countStatements } from './statements.ts';
import { surroundingsOfServers } from './surroundings.ts';
import { untilAnswered } from './until-answered.ts';
import { grown, readSizes, readWal, type TableSize } from './table-sizes.ts';

/** Written by so many callers at a time, as many as an ingress or a worker has connections. */
const atOnce = 16;

/** What one person, event and email take in Postgres and Redis: written by the product's own code, `--rows` of each. */
export const bytes: Scenario = ({ rows, fsync }, interrupted) =>
  withServersAlone({ durable: fsync }, interrupted, (alone) => bench(alone, rows));

/** Of one: bytes, statements, and CPU-ms of Postgres. */
interface Written {
  one: string;
  tables: Map<string, TableSize>;
  wal: number;
  redis: number;
  statements: number;
  redisCalls: number;
  cpu: number;
  others: number;
}

async function bench(alone: ServersAlone, count: number): Promise<Result> {
  const counting = countStatements(alone.postgres);
  const sending = await createSending({ postgres: counting.postgres, redis: alone.redis });
  // The scripts and the statements are prepared, and the first pages are there.
  await writeAll(stepsOf(sending, 50), 50, async () => {});
  const written: Written[] = [];
  const mistakes: string[] = [];
  await writeAll(stepsOf(sending, count), count, async (one, write) => {
    console.error(`bytes: ${count} of: ${one}`);
    written.push({ one, ...(await weigh(alone, counting.counted, count, write)) });
  }).catch((error: unknown) => mistakes.push(String(error))); // what was measured before it is reported
  const left = await leftInRedis(alone);
  return {
    surroundings: await surroundingsOfServers(alone),
    tables: [
      { title: `What one takes, the mean of ${count}, written ${atOnce} at a time`, rows: summary(written) },
      { title: 'Bytes of one by table: heap + indexes', rows: byTable(written) },
    ],
    notes: [
      `Bytes are differences of pg_total_relation_size, after VACUUM, over all partitions, so they hold the free space that updates and page splits leave.
Ids are UUIDs. WAL: difference of pg_current_wal_lsn, whole pages after each checkpoint included.`,
      `Redis: ${left.keys} keys with ${left.bytes} bytes are left after all of it, ${left.lasting} of them without an expiry.`,
    ],
    figures: {
      count,
      written: written.map(({ tables, ...rest }) => ({ ...rest, tables: Object.fromEntries(tables) })),
      left,
    },
    mistakes: left.lasting === 0 ? mistakes : [...mistakes, `${left.lasting} keys in Redis have no expiry`],
  };
}

async function writeAll(
  steps: readonly Step[],
  count: number,
  around: (one: string, write: () => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const { one, write } of steps) {
    const all = async () => {
      const queue = new PQueue({ concurrency: atOnce });
      await queue.addAll(Array.from({ length: count }, (_, index) => () => untilAnswered(() => write(index))));
    };
    await around(one, all);
  }
}

async function weigh(
  { postgres, redis, servers }: ServersAlone,
  statements: () => Map<string, number>,
  count: number,
  write: () => Promise<void>,
): Promise<Omit<Written, 'one'>> {
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((all, each) => all + each, 0);
  await vacuum(servers.postgres.url);
  const before = await untilAnswered(() => readSizes(postgres));
  const wal = await untilAnswered(() => readWal(postgres));
  const memory = await usedMemory(redis);
  statements();
  const calls = countCommands(redis);
  const endCpu = countCpu({ postgres: servers.postgres.pid });
  await write();
  const spent = endCpu();
  const redisCalls = sum(calls());
  const walAfter = await untilAnswered(() => readWal(postgres));
  await vacuum(servers.postgres.url);
  const tables = [...grown(before, await untilAnswered(() => readSizes(postgres)))].map(([name, { heap, indexes }]) => {
    return [name, { heap: heap / count, indexes: indexes / count }] as const;
  });
  return {
    tables: new Map(tables),
    wal: (walAfter - wal) / count,
    redis: ((await usedMemory(redis)) - memory) / count,
    statements: sum(statements()) / count,
    redisCalls: redisCalls / count,
    cpu: spent.by.postgres / count,
    others: othersPercent(spent),
  };
}

/** On a connection of its own: the product's ends every statement after five seconds. */
async function vacuum(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('VACUUM');
  } finally {
    await client.end();
  }
}

async function usedMemory(redis: ServersAlone['redis']): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** What is in Redis after everything was written. */
async function leftInRedis({ redis }: ServersAlone): Promise<{ bytes: number; keys: number; lasting: number }> {
  const keys = await redis.keys('*');
  const ends = await Promise.all(keys.map((key) => redis.pttl(key)));
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key)));
  const bytes = sizes.reduce<number>((all, size) => all + (size ?? 0), 0);
  return { bytes, keys: keys.length, lasting: ends.filter((end) => end === -1).length };
}

function summary(written: readonly Written[]): string[][] {
  return [
    [
      'one',
      'Postgres, bytes',
      'of that facts',
      'WAL, bytes',
      'statements',
      'Postgres CPU-ms',
      'Redis, bytes',
      'Redis calls',
      'CPUs used by others, %',
    ],
    ...written.map(({ one, tables, wal, redis, statements, redisCalls, cpu, others }) => {
      const all = [...tables.values()].reduce((sum, table) => sum + total(table), 0);
      const facts = total(tables.get('fact') ?? { heap: 0, indexes: 0 });
      const counts = [
        statements.toFixed(2),
        cpu.toFixed(2),
        redis.toFixed(1),
        redisCalls.toFixed(2),
        others.toFixed(0),
      ];
      return [one, all.toFixed(0), facts.toFixed(0), wal.toFixed(0), ...counts];
    }),
  ];
}

function byTable(written: readonly Written[]): string[][] {
  const rows = written.flatMap(({ one, tables }) =>
    [...tables]
      .filter(([, size]) => total(size) >= 1)
      .map(([name, { heap, indexes }]) => {
        return [one, name, heap.toFixed(0), indexes.toFixed(0)];
      }),
  );
  return [['one', 'table', 'heap', 'indexes'], ...rows];
}

function total({ heap, indexes }: TableSize): number {
  return heap + indexes;
}
