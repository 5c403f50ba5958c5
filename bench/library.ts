import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import PQueue from 'p-queue';

import { spawnGuarded } from '../local/servers/guarded.ts';
import { startServers } from '../local/servers/start-servers.ts';
import { journeyQueue } from '../worker/workers.ts';
import { countCpu } from './cpu.ts';
import { columns } from './report.ts';
import { temporalLimits } from './stage.ts';

const usage = 'Usage: npm run bench:library -- [--pairs 15] [--runs 50]';
const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '15' }, runs: { type: 'string', default: '50' } },
});
const pairs = atLeastOne(values.pairs);
const runs = atLeastOne(values.runs);

/** Each way has a worker process and a namespace of its own; the development server makes these two by itself. */
const ways = {
  library: { namespace: 'rivulet', journey: '../workflows/journeys/onboarding.ts' },
  bare: { namespace: 'default', journey: './library-bare.ts' },
} as const;
type Way = keyof typeof ways;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
const servers = await startServers({
  dataDir: join(folder, 'data'),
  root,
  portPolicy: 'free',
  durable: false,
  temporalDynamicConfig: temporalLimits,
});
const { address } = servers.temporal;
const workers = { library: await startWorker('library'), bare: await startWorker('bare') };
const pids = { library: workers.library.pid, bare: workers.bare.pid };
const connection = await Connection.connect({ address });
const clients = { library: clientOf('library'), bare: clientOf('bare') };
try {
  process.exitCode = await Promise.race([bench(), workerEnds('library'), workerEnds('bare')]);
} finally {
  await connection.close();
  await Promise.all(Object.values(workers).map((worker) => worker.end(30_000)));
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The journey `onboarding` through `workflows/lib` beside the same written in bare Temporal: whole weeks with skipped time,
 * three mails, activities that do nothing. Both at once, so that whatever else the machine does hits both.
 */
async function bench(): Promise<number> {
  console.error('Warming up ...');
  for (let time = 0; time < 2; time++) await pair();
  const measured: Record<Way, number>[] = [];
  for (let index = 0; index < pairs; index++) {
    const spent = await pair();
    measured.push(spent);
    const told = `library ${spent.library.toFixed(2)}, bare ${spent.bare.toFixed(2)} CPU-ms of one run`;
    console.error(`Pair ${index + 1} of ${pairs}: ${told}`);
  }

  const histories = { library: await historyOf('library'), bare: await historyOf('bare') };
  console.log(`\nWorker CPU-ms of one run; ${pairs} pairs of ${runs} runs of each\n`);
  console.log(
    columns([
      ['', 'history events', 'median', 'min', 'max'],
      ...(['library', 'bare'] as const).map((way) => [
        way,
        String(histories[way].length),
        ...spread(measured.map((spent) => spent[way])),
      ]),
      ['library / bare, by pair', '', ...spread(measured.map(({ library, bare }) => library / bare))],
    ]),
  );
  const same = histories.library.join() === histories.bare.join();
  console.log(`\nHistory events, one by one: ${same ? 'the same' : 'NOT the same'}`);
  return same ? 0 : 1;
}

/** So many runs of each way, 10 of each in flight; gives back the CPU-ms of its worker for one. */
async function pair(): Promise<Record<Way, number>> {
  const cpu = countCpu(pids);
  const all = async (way: Way) => {
    const queue = new PQueue({ concurrency: 10 });
    await queue.addAll(Array.from({ length: runs }, () => () => liveThrough(way)));
  };
  await Promise.all([all('library'), all('bare')]);
  const { by } = cpu();
  return { library: by.library / runs, bare: by.bare / runs };
}

/** One person who makes no project, from the sign-up to the end. */
async function liveThrough(way: Way): Promise<string> {
  const workflowId = `${way}-${randomUUID()}`;
  const event = {
    event_id: workflowId,
    event_type: 'user.signed_up',
    user_id: 'ada',
    timestamp: Date.now(),
    payload: { plan: 'pro' },
  };
  // The client has no option for skipping time yet.
  const client = clients[way];
  await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    workflowId,
    workflowType: { name: 'onboarding' },
    taskQueue: { name: journeyQueue },
    input: { payloads: toPayloads(defaultPayloadConverter, event) ?? null },
    requestId: workflowId,
    timeSkippingConfig: { enabled: true },
  });
  const outcome = await client.workflow.getHandle(workflowId).result();
  if (outcome !== 'dormant') throw new Error(`${workflowId} ended as ${String(outcome)}, not as dormant`);
  return workflowId;
}

/** The types of its events, in order. */
async function historyOf(way: Way): Promise<string[]> {
  const { events } = await clients[way].workflow.getHandle(await liveThrough(way)).fetchHistory();
  return (events ?? []).map(({ eventType }) => String(eventType));
}

/** Median, least and most. */
function spread(values: number[]): string[] {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 2)]!, sorted[0]!, sorted.at(-1)!].map((value) => value.toFixed(3));
}

async function startWorker(way: Way) {
  const { namespace, journey } = ways[way];
  const output = openSync(logOf(way), 'a');
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

function clientOf(way: Way): Client {
  return new Client({ connection, namespace: ways[way].namespace });
}

/** Else every run would wait for ever. */
async function workerEnds(way: Way): Promise<never> {
  await workers[way].exited;
  throw new Error(`The worker of ${way} ended by itself:\n${readFileSync(logOf(way), 'utf8')}`);
}

function logOf(way: Way): string {
  return join(folder, `${way}.log`);
}

function atLeastOne(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    console.error(`"${text}" is no whole number above 0.\n${usage}`);
    process.exit(1);
  }
  return number;
}
