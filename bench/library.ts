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
import { countCpu } from './cpu.ts';
import { columns } from './report.ts';
import { temporalLimits } from './stage.ts';

const usage = 'Usage: npm run bench:library -- [--pairs 9] [--runs 150]';
const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '9' }, runs: { type: 'string', default: '150' } },
});
const pairs = atLeastOne(values.pairs);
const runs = atLeastOne(values.runs);

const ways = ['library', 'bare'] as const;
type Way = (typeof ways)[number];

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
const servers = await startServers({
  dataDir: join(folder, 'data'),
  root,
  portPolicy: 'free',
  durable: false,
  temporalDynamicConfig: temporalLimits,
});
const { address, namespace } = servers.temporal;
const logFile = join(folder, 'worker.log');
const worker = await startWorker();
const connection = await Connection.connect({ address });
const client = new Client({ connection, namespace });
try {
  process.exitCode = await Promise.race([bench(), workerEnds()]);
} finally {
  await connection.close();
  await worker.end(30_000);
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The journey `onboarding` through `workflows/lib` beside the same written in bare Temporal: whole weeks with skipped time,
 * three mails, activities that do nothing. In pairs, so that a machine that gets slower or busier hits both.
 */
async function bench(): Promise<number> {
  console.error(`Warming up with ${runs} of each ...`);
  for (const way of ways) await batch(way);
  const cpuMs: Record<Way, number>[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    console.error(`Pair ${pair + 1} of ${pairs} ...`);
    const spent = { library: 0, bare: 0 };
    for (const way of pair % 2 === 0 ? ways : ways.toReversed()) spent[way] = await batch(way);
    cpuMs.push(spent);
  }

  const histories = { library: await historyOf('library'), bare: await historyOf('bare') };
  const row = (name: string, events: string, values: number[], digits: number) => {
    const sorted = values.toSorted((a, b) => a - b);
    const shown = [sorted[Math.floor(sorted.length / 2)]!, sorted[0]!, sorted.at(-1)!];
    return [name, events, ...shown.map((value) => value.toFixed(digits))];
  };
  console.log(`\nWorker CPU-ms of one run; ${pairs} pairs of ${runs} runs, in turn\n`);
  console.log(
    columns([
      ['', 'history events', 'median', 'min', 'max'],
      ...ways.map((way) => {
        const each = cpuMs.map((spent) => spent[way]);
        return row(way, String(histories[way].length), each, 3);
      }),
      row(
        'library / bare, by pair',
        '',
        cpuMs.map(({ library, bare }) => library / bare),
        3,
      ),
    ]),
  );
  const same = histories.library.join() === histories.bare.join();
  console.log(`\nHistory events, one by one: ${same ? 'the same' : 'NOT the same'}`);
  return same ? 0 : 1;
}

/** So many runs, 20 in flight; gives back the worker's CPU-ms of one. */
async function batch(way: Way): Promise<number> {
  const queue = new PQueue({ concurrency: 20 });
  const cpu = countCpu({ worker: worker.pid });
  await queue.addAll(Array.from({ length: runs }, () => () => liveThrough(way)));
  return cpu().by.worker / runs;
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
  await client.workflowService.startWorkflowExecution({
    namespace,
    workflowId,
    workflowType: { name: 'onboarding' },
    taskQueue: { name: way },
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
  const { events } = await client.workflow.getHandle(await liveThrough(way)).fetchHistory();
  return (events ?? []).map(({ eventType }) => String(eventType));
}

async function startWorker() {
  const output = openSync(logFile, 'a');
  try {
    return await spawnGuarded({
      command: process.execPath,
      args: ['--import', 'tsx', 'bench/library-worker.ts'],
      env: { PATH: process.env['PATH'], HOME: folder, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
      cwd: root,
      output,
    });
  } finally {
    closeSync(output);
  }
}

/** Else every run would wait for ever. */
async function workerEnds(): Promise<never> {
  await worker.exited;
  throw new Error(`The worker ended by itself:\n${readFileSync(logFile, 'utf8')}`);
}

function atLeastOne(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    console.error(`"${text}" is no whole number above 0.\n${usage}`);
    process.exit(1);
  }
  return number;
}
