import { readHistories } from './histories.ts';
import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import { newOrders, publishAll, untilQuiet } from './orders.ts';
import { forgetCounts, lastAcceptedAt, mistakesIn, readStats, untilAccepted } from './provider.ts';
import type { Stage } from './stage.ts';

/**
 * One mail for each of `count` orders, from NATS to the provider. The rate ends with the last acceptance; the CPU count
 * ends when the runs have closed and the provider's feedback is taken in, because that is work for the same mails.
 */
export async function runProduct(stage: Stage, count: number): Promise<Run> {
  const sesUrl = stage.urlOf('ses');
  await forgetCounts(sesUrl);
  const orders = newOrders(count);
  const endMeter = await startMeter(stage);
  const startedAt = Date.now();
  const publishSeconds = await publishAll(stage, orders);
  await untilAccepted(sesUrl, count);
  const seconds = ((await lastAcceptedAt(sesUrl)) - startedAt) / 1_000;
  await untilQuiet(stage);
  const spent = await endMeter();

  const runs = orders.map(({ event_id }) => event_id);
  return {
    what: 'product',
    count,
    seconds,
    publishSeconds,
    spent,
    histories: await readHistories(stage, runs),
    mistakes: mistakesIn(await readStats(sesUrl), count),
  };
}
