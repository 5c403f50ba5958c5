import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import PQueue from 'p-queue';

import { type Guarded, spawnGuarded } from '../local/servers/guarded.ts';
import { startServers } from '../local/servers/start-servers.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';
import { countCpu } from './cpu.ts';
import { told } from './figures.ts';
import { root } from './processes.ts';
import type { Result, Scenario } from './scenario.ts';
import { startSkipping } from './skipping.ts';
import { temporalLimits } from './stage.ts';

const pairs = 15;
const runs = 50;

/** Each way has a worker process and a namespace of its own; the development server makes these two by itself. */
const ways = {
  library: { namespace: 'rivulet', journey: '../workflows/journeys/onboarding.ts' },
  bare: { namespace: 'default', journey: './library-bare.ts' },
} as const;
type Way = keyof typeof ways;
type OfBoth<T> = Record<Way, T>;

/**
 * The journey `onboarding` through `workflows/lib` beside the same written in bare Temporal: whole weeks with skipped time,
 * three mails, activities that do nothing. Both at once, so that whatever else the machine does hits both.
 */
export const library: Scenario = async (_, interrupted) => {
  const folder = temporaryFolder('rivulet-bench-');
  const servers = await startServers({
    dataDir: join(folder, 'data'),
    root,
    portPolicy: 'free',
    durable: false,
    temporalDynamicConfig: temporalLimits,
  });
  const { address } = servers.temporal;
  const workers: OfBoth<Guarded> = {
    library: await startWorker('library', folder, address),
    bare: await startWorker('bare', folder, address),
  };
  const connection = await Connection.connect({ address });
  const clientOf = (way: Way) => new Client({ connection, namespace: ways[way].namespace });
  try {
    const clients = { library: clientOf('library'), bare: clientOf('bare') };
    const pids = { library: workers.library.pid, bare: workers.bare.pid };
    const end = (way: Way) => workerEnds(way, workers[way], folder);
    return await Promise.race([sideBySide(clients, pids), end('library'), end('bare'), interrupted]);
  } finally {
    await connection.close();
    await Promise.all(Object.values(workers).map((worker) => worker.end(30_000)));
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function sideBySide(clients: OfBoth<Client>, pids: OfBoth<number>): Promise<Result> {
  console.error('library: warming up');
  for (let time = 0; time < 2; time++) await pair(clients, pids);
  const measured: OfBoth<number>[] = [];
  for (let index = 0; index < pairs; index++) {
    console.error(`library: pair ${index + 1} of ${pairs}`);
    measured.push(await pair(clients, pids));
  }
  const histories = { library: await historyOf(clients.library), bare: await historyOf(clients.bare) };
  const row = (way: Way) => [
    way,
    String(histories[way].length),
    told(
      measured.map((spent) => spent[way]),
      3,
    ),
  ];
  const ratios = measured.map(({ library, bare }) => library / bare);
  const same = histories.library.join() === histories.bare.join();
  return {
    tables: [
      {
        title: `Worker CPU-ms of one run; ${pairs} pairs of ${runs} runs of each: median (least to most)`,
        rows: [
          ['', 'history events', 'CPU-ms'],
          row('library'),
          row('bare'),
          ['library / bare, by pair', '', told(ratios, 3)],
        ],
      },
    ],
    notes: [],
    figures: { measured, histories },
    mistakes: same ? [] : ['The history of the library, event by event, is NOT that of bare Temporal.'],
  };
}

/** So many runs of each way, 10 of each in flight; gives back the CPU-ms of its worker for one. */
async function pair(clients: OfBoth<Client>, pids: OfBoth<number>): Promise<OfBoth<number>> {
  const cpu = countCpu(pids);
  const all = async (way: Way) => {
    const queue = new PQueue({ concurrency: 10 });
    await queue.addAll(Array.from({ length: runs }, () => () => liveThrough(clients[way])));
  };
  await Promise.all([all('library'), all('bare')]);
  const { by } = cpu();
  return { library: by.library / runs, bare: by.bare / runs };
}

/** One person who makes no project, from the sign-up to the end. */
async function liveThrough(client: Client): Promise<string> {
  const workflowId = randomUUID();
  const event = {
    event_id: workflowId,
    event_type: 'user.signed_up',
    user_id: 'ada',
    timestamp: Date.now(),
    payload: { plan: 'pro' },
  };
  await startSkipping(client, 'onboarding', workflowId, [event]);
  const outcome = await client.workflow.getHandle(workflowId).result();
  if (outcome !== 'dormant') throw new Error(`${workflowId} ended as ${String(outcome)}, not as dormant`);
  return workflowId;
}

/** The types of its events, in order. */
async function historyOf(client: Client): Promise<string[]> {
  const { events } = await client.workflow.getHandle(await liveThrough(client)).fetchHistory();
  return (events ?? []).map(({ eventType }) => String(eventType));
}

async function startWorker(way: Way, folder: string, address: string): Promise<Guarded> {
  const { namespace, journey } = ways[way];
  const output = openSync(logOf(way, folder), 'a');
  try {
    return await spawnGuarded({
      command: process.execPath,
      args: ['--import', 'tsx', 'bench/library-worker.ts', journey],
      env: { PATH: process.env['PATH'], HOME: folder, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
      cwd: root,
      output,
    });
  } finally {
    closeSync(output);
  }
}

/** Else every run would wait for ever. */
async function workerEnds(way: Way, worker: Guarded, folder: string): Promise<never> {
  await worker.exited;
  throw new Error(`The worker of ${way} ended by itself:\n${readFileSync(logOf(way, folder), 'utf8')}`);
}

function logOf(way: Way, folder: string): string {
  return join(folder, `${way}.log`);
}
