import { readHistories } from './histories.ts';
import type { Run } from './mail-report.ts';
import { startMeter } from './meter.ts';
import { newOrders, type Order, publishAll, untilQuiet } from './orders.ts';
import { patientUser } from './patient.ts';
import { forgetCounts, lastAcceptedAt, mistakesIn, readStats, untilAccepted } from './provider.ts';
import type { Stage } from './stage.ts';

/**
 * One mail for each of `count` orders, from NATS to the provider. The rate ends with the last acceptance; the CPU count
 * ends when the runs have closed and the provider's feedback is taken in, because that is work for the same mails.
 */
export function runProduct(stage: Stage, count: number): Promise<Run> {
  return runOrders(stage, 'product', newOrders(count));
}

/** The same where each mail is refused in the turn and goes by the queue. The stage's worker must be `patient-worker.ts`. */
export async function runPatient(stage: Stage, count: number): Promise<Run> {
  const run = await runOrders(stage, 'patient', newOrders(count, patientUser));
  const { events = [], onTheQueue = 0 } = run.histories ?? {};
  if (onTheQueue !== events.length) run.mistakes.push(`${onTheQueue} of ${events.length} went by the queue`);
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
