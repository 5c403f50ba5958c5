import { spread } from './figures.ts';
import { runLocalFloor, runQueueFloor } from './floor-run.ts';
import { looked } from './histories.ts';
import { mailTable, rateOf, ratioTable, requestTable, type Run } from './mail-report.ts';
import type { ProgramName } from './processes.ts';
import { runInline, runQueued } from './product-run.ts';
import { runQueue } from './queue-run.ts';
import type { Scenario } from './scenario.ts';
import { onStage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

const notes = [
  `These rates are no capacity figures: one machine runs everything, and most of its CPU goes to Temporal's development
server (one shard, SQLite). Compare the CPU-ms for one, and the product with the others of the same round.`,
  `The product's CPU includes the feedback (Send, Delivery) that the ingress processes for each email. The floors send
nothing: "local floor" is a workflow with one local activity that does nothing, "queue floor" one with one regular activity on
its own queue. Their runs are started as the ingress starts journeys, and their clock stops at the last activity.
BullMQ renders and sends the same email with the same code, without a ledger, a rate limit or consent.`,
  `History events and Actions are those of ${looked} runs of each round, spread evenly over it.`,
];

const queuedNote = `"queued" is the same product with every email queued: its inline attempt is refused (NoCapacityHere), and it continues as
the activity sendEmail on the queue, where it does not wait.`;

/** `order.completed` to receipt, from NATS to the provider, compared with two workflows that do nothing and with a bare queue. */
export const mail: Scenario = (sizes, interrupted) => {
  const product: ProgramName[] = ['ses', 'worker', 'ingress'];
  const programs = sizes.floors
    ? [...product, 'floorWorker' as const, 'queueSes' as const, 'queueWorker' as const]
    : product;
  const files = sizes.queued ? { worker: 'bench/queued-worker.ts' } : {};
  return onStage({ programs, files, durable: sizes.fsync }, interrupted, async (stage) => {
    const surroundings = await surroundingsOf(stage);
    const products = sizes.queued ? [runInline, runQueued] : [runInline];
    const ways = sizes.floors ? [runLocalFloor, runQueueFloor, ...products, runQueue] : products;
    console.error(`mail: warming up with ${sizes.warmUp} of each`);
    for (const run of ways) await run(stage, sizes.warmUp);
    const runs: Run[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      console.error(`mail: round ${round + 1} of ${sizes.rounds}`);
      // Alternating order, so that a machine that gets slower affects all alike.
      for (const run of round % 2 === 0 ? ways : ways.toReversed()) runs.push(await run(stage, sizes.emails));
    }
    return {
      surroundings,
      tables: [mailTable(runs), ...(ways.length > 1 ? [ratioTable(runs)] : []), requestTable(runs)],
      notes: sizes.queued ? [...notes, queuedNote] : notes,
      figures: { rate: spread(runs.filter(({ what }) => what === 'inline').map(rateOf)).median, runs },
      mistakes: runs.flatMap(({ what, mistakes }) => mistakes.map((mistake) => `${what}: ${mistake}`)),
    };
  });
};
