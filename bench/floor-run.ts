import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import PQueue from 'p-queue';

import { readHistories } from './histories.ts';
import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import { untilQuiet } from './orders.ts';
import { ingressAtOnce, type Stage } from './stage.ts';

/** What the floor's worker counts: how often it did nothing, and when it did so last (Unix ms). */
export interface Nothings {
  count: number;
  lastAt: number;
}

const stallMs = 60_000;

/** Runs of a workflow with one local activity that does nothing. */
export function runLocalFloor(stage: Stage, count: number): Promise<Run> {
  return runFloor(stage, count, { what: 'local floor', workflow: 'localFloor' });
}

/** Runs of a workflow with one regular activity that does nothing, on a queue of its own. */
export function runQueueFloor(stage: Stage, count: number): Promise<Run> {
  return runFloor(stage, count, { what: 'queue floor', workflow: 'queueFloor' });
}

/**
 * Starts runs as the ingress starts journeys: as many starts at a time, without waiting for the runs. The clocks are those of
 * `runInline`. The rate is counted from before the first start to the last activity, as the product's is from before the first
 * publish to the provider's last acceptance. CPU is counted until all runs have closed, after the same wait.
 */
async function runFloor(
  stage: Stage,
  count: number,
  { what, workflow }: { what: Run['what']; workflow: string },
): Promise<Run> {
  const url = stage.urlOf('floorWorker');
  await fetch(url, { method: 'DELETE' });
  const ids = Array.from({ length: count }, () => `floor-${randomUUID()}`);
  const queue = new PQueue({ concurrency: ingressAtOnce });
  const endMeter = await startMeter(stage);
  const startedAt = Date.now();
  await queue.addAll(
    ids.map((workflowId) => () => stage.client.workflow.start(workflow, { workflowId, taskQueue: 'floor', args: [] })),
  );
  await untilDone(url, count);
  const seconds = ((await readNothings(url)).lastAt - startedAt) / 1_000;
  await untilQuiet(stage);
  const spent = await endMeter();
  const { count: done } = await readNothings(url);
  return {
    what,
    count,
    seconds,
    spent,
    histories: await readHistories(stage, ids),
    mistakes: done === count ? [] : [`${done} activities instead of ${count}`],
  };
}

/** Asks as often as `untilAccepted` asks the SES stand-in. */
async function untilDone(url: string, wanted: number): Promise<void> {
  let seen = -1;
  for (let since = Date.now(); Date.now() - since < stallMs; await sleep(250)) {
    const { count } = await readNothings(url);
    if (count >= wanted) return;
    if (count !== seen) since = Date.now();
    seen = count;
  }
}

async function readNothings(url: string): Promise<Nothings> {
  return (await (await fetch(url)).json()) as Nothings;
}
