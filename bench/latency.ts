import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { countCpu, othersPercent } from './cpu.ts';
import { percentile } from './figures.ts';
import { runQueueFloor } from './floor-run.ts';
import { newOrders, publish } from './orders.ts';
import { readMemory } from './memory.ts';
import { cpuRows, memoryRows } from './process-tables.ts';
import type { ProcessName } from './processes.ts';
import { runInline } from './product-run.ts';
import { acceptedAt, forgetCounts, mistakesIn, readStats, untilAccepted } from './provider.ts';
import type { Scenario } from './scenario.ts';
import { onStage, type Stage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

const shares = [0.01, 0.1, 0.8];
/** At each rate: so many mails at least, and enough for so many seconds. */
const atLeast = 100;
const seconds = 8;

/**
 * From the publishing of an event to the call of the provider, when mails come evenly at a share of the rate that `mail` has
 * measured; beside it the runs of the queue floor (one regular activity that does nothing) from start to end.
 */
export const latency: Scenario = ({ rate: measured, emails, warmUp }, interrupted) =>
  // The stand-in notes a mail when its own time to answer is over, so it answers at once here.
  onStage({ programs: ['ses', 'worker', 'ingress', 'floorWorker'], sesLatencyMs: 0 }, interrupted, async (stage) => {
    console.error('latency: warming up');
    await runQueueFloor(stage, warmUp);
    const warm = await runInline(stage, Math.max(warmUp, measured === undefined ? emails : 0));
    const rate = measured ?? warm.count / warm.seconds;

    const mistakes: string[] = [];
    const rows = [
      ['of the rate', 'per second', 'mails', 'product p50', 'p99', 'floor p50', 'p99', 'CPUs used by others, %'],
    ];
    const stretches: Parameters<typeof cpuRows>[0] = {};
    const figures: unknown[] = [];
    for (const share of shares) {
      const perSecond = rate * share;
      const count = Math.max(atLeast, Math.round(perSecond * seconds));
      console.error(`latency: ${count} mails and ${count} runs of the floor, ${perSecond.toFixed(1)} a second`);
      const endCpu = countCpu(stage.pids as Record<ProcessName, number>);
      const product = mailsAt(stage, perSecond, count, mistakes);
      // Where next to nothing goes on, both go on at once, half a beat apart; else one after the other.
      await (share === shares[0] ? sleep(500 / perSecond) : product);
      const floor = floorsAt(stage, perSecond, count);
      const [mails, floors] = await Promise.all([product, floor]);
      const cpu = (stretches[`at ${share * 100} %`] = endCpu());
      rows.push([
        `${share * 100} %`,
        perSecond.toFixed(1),
        String(count),
        ...[mails, floors].flatMap((values) => [0.5, 0.99].map((at) => percentile(values, at).toFixed(0))),
        othersPercent(cpu).toFixed(0),
      ]);
      figures.push({ share, perSecond, product: mails, floor: floors, cpu });
    }
    const memory = readMemory(stage.pids);
    return {
      surroundings: await surroundingsOf(stage),
      tables: [
        { title: `Milliseconds, at shares of ${rate.toFixed(1)} mails a second`, rows },
        { title: 'What each process worked, for the mails and for the runs of the floor', rows: cpuRows(stretches) },
        { title: 'What each process holds in the end', rows: memoryRows({ 'in the end': memory }) },
      ],
      notes: ['The floor is measured from the call that starts a run to the answer that it has ended.'],
      figures: { rate, measured: figures, memory },
      mistakes,
    };
  });

async function mailsAt(stage: Stage, perSecond: number, count: number, mistakes: string[]): Promise<number[]> {
  const sesUrl = stage.urlOf('ses');
  await forgetCounts(sesUrl);
  const publishedAt = new Map<string, number>();
  await evenly(newOrders(count), perSecond, async (order) => {
    publishedAt.set(order.payload.contact.email, Date.now());
    await publish(stage, { ...order, timestamp: Date.now() });
  });
  await untilAccepted(sesUrl, count);
  mistakes.push(...mistakesIn(await readStats(sesUrl), count));
  const accepted = await acceptedAt(sesUrl);
  return [...publishedAt].flatMap(([address, at]) => {
    const then = accepted.get(address);
    return then === undefined ? [] : [then - at];
  });
}

async function floorsAt(stage: Stage, perSecond: number, count: number): Promise<number[]> {
  const took: number[] = [];
  await evenly(Array.from({ length: count }), perSecond, async () => {
    const startedAt = performance.now();
    const workflowId = `floor-${randomUUID()}`;
    await stage.client.workflow.execute('queueFloor', { workflowId, taskQueue: 'floor', args: [] });
    took.push(performance.now() - startedAt);
  });
  return took;
}

/** Does the work for each at its own moment, whether or not the work before has ended; waits for all of it. */
async function evenly<T>(all: readonly T[], perSecond: number, work: (one: T) => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const under: Promise<void>[] = [];
  for (const [index, one] of all.entries()) {
    await sleep(Math.max(0, startedAt + (index * 1_000) / perSecond - performance.now()));
    under.push(work(one));
  }
  await Promise.all(under);
}
