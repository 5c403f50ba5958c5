import { readHistories } from './histories.ts';
import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import { newOrders, type Order, publishAll, untilQuiet } from './orders.ts';
import { forgetCounts, lastAcceptedAt, mistakesIn, readStats, untilAccepted } from './provider.ts';
import { queuedUser } from './queued-user.ts';
import type { Stage } from './stage.ts';

/**
 * One email for each of `count` orders, from NATS to the provider. The rate ends with the last acceptance. CPU is counted until
 * the runs have closed and the provider's feedback is processed, because that is work for the same emails.
 */
export function runInline(stage: Stage, count: number): Promise<Run> {
  return runOrders(stage, 'inline', newOrders(count));
}

/** The same with every email queued: the inline attempt finds no capacity. The stage's worker must be `queued-worker.ts`. */
export async function runQueued(stage: Stage, count: number): Promise<Run> {
  const run = await runOrders(stage, 'queued', newOrders(count, queuedUser));
  const { events = [], onTheQueue = 0 } = run.histories ?? {};
  if (onTheQueue !== events.length) run.mistakes.push(`${onTheQueue} of ${events.length} were queued`);
  return run;
}

async function runOrders(stage: Stage, what: Run['what'], orders: readonly Order[]): Promise<Run> {
  const count = orders.length;
  const sesUrl = stage.urlOf('ses');
  await forgetCounts(sesUrl);
  const endMeter = await startMeter(stage);
  const startedAt = Date.now();
  const publishSeconds = await publishAll(stage, orders);
  await untilAccepted(sesUrl, count);
  const seconds = ((await lastAcceptedAt(sesUrl)) - startedAt) / 1_000;
  await untilQuiet(stage);
  const spent = await endMeter();

  const runs = orders.map(({ event_id }) => event_id);
  return {
    what,
    count,
    seconds,
    publishSeconds,
    spent,
    histories: await readHistories(stage, runs),
    mistakes: mistakesIn(await readStats(sesUrl), count),
  };
}
