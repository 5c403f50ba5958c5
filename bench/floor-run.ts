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

/**
 * `count` runs of the workflow that does nothing, started as the ingress starts journeys: so many starts under way at once,
 * and nobody waits for a run. The clocks are those of `runProduct`. The rate begins before the first start, as the product's
 * does before the first event is published, and ends with the last time that nothing was done, as the product's ends with
 * the provider's last acceptance: not with the runs' own ends. The CPU count begins with it and ends for both when all runs
 * have closed, after the same wait.
 */
export async function runFloor(stage: Stage, count: number): Promise<Run> {
  const url = stage.urlOf('floorWorker');
  await fetch(url, { method: 'DELETE' });
  const ids = Array.from({ length: count }, () => `floor-${randomUUID()}`);
  const queue = new PQueue({ concurrency: ingressAtOnce });
  const endMeter = await startMeter(stage);
  const startedAt = Date.now();
  await queue.addAll(
    ids.map((workflowId) => () => stage.client.workflow.start('floor', { workflowId, taskQueue: 'floor', args: [] })),
  );
  await untilDone(url, count);
  const seconds = ((await readNothings(url)).lastAt - startedAt) / 1_000;
  await untilQuiet(stage);
  const spent = await endMeter();
  const { count: done } = await readNothings(url);
  return {
    what: 'floor',
    count,
    seconds,
    spent,
    histories: await readHistories(stage, ids),
    mistakes: done === count ? [] : [`nothing was done ${done} times instead of ${count}`],
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
