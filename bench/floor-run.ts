import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import { countCpu } from './cpu.ts';
import type { Run } from './report.ts';
import type { Stage } from './stage.ts';

/** `count` runs of the workflow that does nothing, 100 in flight, each awaited. */
export async function runFloor(stage: Stage, count: number): Promise<Run> {
  const { client, pids } = stage;
  const ids = Array.from({ length: count }, () => `floor-${randomUUID()}`);
  const queue = new PQueue({ concurrency: 100 });
  const cpu = countCpu(pids);
  const startedAt = performance.now();
  await queue.addAll(
    ids.map((workflowId) => () => client.workflow.execute('floor', { workflowId, taskQueue: 'floor', args: [] })),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  const spent = cpu();
  const { events } = await client.workflow.getHandle(ids[0]!).fetchHistory();
  return { what: 'floor', count, seconds, spent, historyEvents: events?.length ?? 0, mistakes: [] };
}
