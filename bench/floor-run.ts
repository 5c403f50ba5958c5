import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import { readHistories } from './histories.ts';
import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import type { Stage } from './stage.ts';

/** `count` runs of the workflow that does nothing, 100 in flight, each awaited. */
export async function runFloor(stage: Stage, count: number): Promise<Run> {
  const ids = Array.from({ length: count }, () => `floor-${randomUUID()}`);
  const queue = new PQueue({ concurrency: 100 });
  const endMeter = await startMeter(stage);
  const startedAt = performance.now();
  await queue.addAll(ids.map((id) => () => oneFloor(stage, id)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const spent = await endMeter();
  return {
    what: 'floor',
    count,
    seconds,
    spent,
    histories: await readHistories(stage, ids),
    mistakes: [],
  };
}

export function oneFloor({ client }: Stage, workflowId = `floor-${randomUUID()}`): Promise<unknown> {
  return client.workflow.execute('floor', { workflowId, taskQueue: 'floor', args: [] });
}
