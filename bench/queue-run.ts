import { setTimeout as sleep } from 'node:timers/promises';

import { Queue } from 'bullmq';
import PQueue from 'p-queue';

import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import { newOrders } from './orders.ts';
import { forgetCounts, lastAcceptedAt, mistakesIn, readStats, untilAccepted } from './provider.ts';
import type { Stage } from './stage.ts';

/**
 * One mail for each of `count` orders, through BullMQ: 100 jobs being added at once, 100 being done. The rate ends with the
 * last acceptance, the CPU count when no job is left, as with the others.
 */
export async function runQueue(stage: Stage, count: number): Promise<Run> {
  const sesUrl = stage.urlOf('queueSes');
  await forgetCounts(sesUrl);
  const orders = newOrders(count);
  const queue = new Queue('mails', { connection: { url: stage.queueRedisUrl } });
  const adding = new PQueue({ concurrency: 100 });
  const endMeter = await startMeter(stage);
  const startedAt = Date.now();
  await adding.addAll(orders.map((event) => () => queue.add('receipt', { event }, { removeOnComplete: true })));
  const publishSeconds = (Date.now() - startedAt) / 1_000;
  await untilAccepted(sesUrl, count);
  const seconds = ((await lastAcceptedAt(sesUrl)) - startedAt) / 1_000;
  await untilDrained(queue);
  const spent = await endMeter();
  await queue.close();
  return {
    what: 'BullMQ',
    count,
    seconds,
    publishSeconds,
    spent,
    mistakes: mistakesIn(await readStats(sesUrl), count),
  };
}

async function untilDrained(queue: Queue): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(250)) {
    const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active');
    if (waiting + active === 0) return;
  }
}
