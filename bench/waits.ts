import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { spawnGuarded } from '../local/servers/guarded.ts';
import { startServers } from '../local/servers/start-servers.ts';
import { journeyQueue } from '../worker/workers.ts';
import { countCpu } from './cpu.ts';
import { columns } from './report.ts';
import { temporalLimits } from './stage.ts';

// A long wait as a timer of the run, beside a wait that ends the run and begins it anew with continue-as-new: what each costs.
// `docs/changing-journeys.md` says what we chose, and why.

const rounds = 5;
const runs = 40;
const ways = ['oneRun', 'runByRun'] as const;
type Way = (typeof ways)[number];

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
const dataDir = join(folder, 'data');
const settings = { dataDir, root, portPolicy: 'free', durable: false, temporalDynamicConfig: temporalLimits } as const;
const servers = await startServers(settings);
const { address } = servers.temporal;
const worker = await spawnGuarded({
  command: process.execPath,
  args: ['--import', 'tsx', 'bench/library-worker.ts', './waits-journeys.ts'],
  cwd: root,
  env: { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default' },
  output: (line) => console.error(line),
});
const connection = await Connection.connect({ address });
const client = new Client({ connection, namespace: 'default' });
try {
  const spent: Record<Way, number[]> = { oneRun: [], runByRun: [] };
  for (let round = -1; round < rounds; round++) {
    for (const way of ways) {
      const ms = await batch(way, round);
      if (round >= 0) spent[way].push(ms);
    }
  }
  console.log(`Four waits with a mail after each; ${rounds} rounds of ${runs} runs of each way, in turn\n`);
  console.log(
    columns([
      ['', 'history events', 'runs', 'worker CPU-ms', 'min', 'max'],
      ...(await Promise.all(ways.map(async (way) => [way, ...(await sizeOf(way)), ...middle(spent[way])]))),
    ]),
  );
} finally {
  await connection.close();
  await worker.end(30_000);
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** CPU ms of the worker for one run, waits and all. */
async function batch(way: Way, round: number): Promise<number> {
  const counted = countCpu({ worker: worker.pid });
  const ids = Array.from({ length: runs }, (_, index) => `${way}-${round}-${index}`);
  await Promise.all(
    ids.map((workflowId) => client.workflow.start(way, { workflowId, taskQueue: journeyQueue, args: [] })),
  );
  await Promise.all(ids.map((id) => client.workflow.getHandle(id).result()));
  return counted().by.worker / runs;
}

/** Of one journey: its history events over all its runs, and how many runs it took. */
async function sizeOf(way: Way): Promise<string[]> {
  let [events, chained] = [0, 0];
  for (let runId = await firstRunOf(`${way}-0-0`); runId !== undefined;) {
    const { events: history = [] } = await client.workflow.getHandle(`${way}-0-0`, runId).fetchHistory();
    events += history?.length ?? 0;
    chained += 1;
    runId = history?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return [String(events), String(chained)];
}

async function firstRunOf(workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? undefined;
}

function middle(values: number[]): string[] {
  const sorted = values.toSorted((one, other) => one - other);
  return [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)].map((value = 0) => value.toFixed(1));
}
