import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';

import { spawnGuarded } from '../local/servers/guarded.ts';
import { startServers } from '../local/servers/start-servers.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';
import { journeyQueue } from '../runtime/task-queues.ts';
import { countCpu } from './cpu.ts';
import { told } from './figures.ts';
import { root } from './processes.ts';
import type { Result, Scenario } from './scenario.ts';
import { temporalLimits } from './stage.ts';

// `docs/changing-journeys.md` says what we chose, and why.

const rounds = 5;
const runs = 40;
const ways = ['oneRun', 'runByRun'] as const;
type Way = (typeof ways)[number];

/** A long wait as a timer of the run, beside a wait that ends the run and begins it anew: what each costs. */
export const waits: Scenario = async (_, interrupted) => {
  const folder = temporaryFolder('rivulet-bench-');
  const dataDir = join(folder, 'data');
  const servers = await startServers({
    dataDir,
    root,
    portPolicy: 'free',
    durable: false,
    temporalDynamicConfig: temporalLimits,
  });
  const { address } = servers.temporal;
  const worker = await spawnGuarded({
    command: process.execPath,
    args: ['--import', 'tsx', 'bench/library-worker.ts', './waits-journeys.ts'],
    cwd: root,
    env: { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default' },
    output: (line) => console.error(line),
  });
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace: 'default' });
    return await Promise.race([inTurn(client, worker.pid), interrupted]);
  } finally {
    await connection.close();
    await worker.end(30_000);
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function inTurn(client: Client, workerPid: number): Promise<Result> {
  const spent: Record<Way, number[]> = { oneRun: [], runByRun: [] };
  for (let round = -1; round < rounds; round++) {
    for (const way of ways) {
      const ms = await batch(client, workerPid, way, round);
      if (round >= 0) spent[way].push(ms);
    }
  }
  const row = async (way: Way) => [way, ...(await sizeOf(client, way)), told(spent[way], 1)];
  return {
    tables: [
      {
        title: `Four waits with a mail after each; ${rounds} rounds of ${runs} runs of each way, in turn`,
        rows: [
          ['', 'history events', 'runs', 'worker CPU-ms, median (least to most)'],
          ...(await Promise.all(ways.map(row))),
        ],
      },
    ],
    notes: [],
    figures: { spent },
    mistakes: [],
  };
}

/** CPU ms of the worker for one run, waits and all. */
async function batch(client: Client, workerPid: number, way: Way, round: number): Promise<number> {
  const counted = countCpu({ worker: workerPid });
  const ids = Array.from({ length: runs }, (_, index) => `${way}-${round}-${index}`);
  await Promise.all(
    ids.map((workflowId) => client.workflow.start(way, { workflowId, taskQueue: journeyQueue, args: [] })),
  );
  await Promise.all(ids.map((id) => client.workflow.getHandle(id).result()));
  return counted().by.worker / runs;
}

/** Of one journey: its history events over all its runs, and how many runs it took. */
async function sizeOf(client: Client, way: Way): Promise<string[]> {
  let [events, chained] = [0, 0];
  for (let runId = await firstRunOf(client, `${way}-0-0`); runId !== undefined;) {
    const { events: history = [] } = await client.workflow.getHandle(`${way}-0-0`, runId).fetchHistory();
    events += history?.length ?? 0;
    chained += 1;
    runId = history?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return [String(events), String(chained)];
}

async function firstRunOf(client: Client, workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? undefined;
}
