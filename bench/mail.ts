import { spread } from './figures.ts';
import { runFloor } from './floor-run.ts';
import { looked } from './histories.ts';
import { mailTable, rateOf, ratioTable, requestTable, type Run } from './mail-report.ts';
import type { ProgramName } from './processes.ts';
import { runPatient, runProduct } from './product-run.ts';
import { runQueue } from './queue-run.ts';
import type { Scenario } from './scenario.ts';
import { onStage } from './stage.ts';
import { surroundingsOf } from './surroundings.ts';

const notes = [
  `These rates are no capacity figures: one machine runs everything, and most of its CPU goes to Temporal's development
server (one shard, SQLite). Compare the CPU-ms for one, and the product with the others of the same round.`,
  `The product's CPU includes the feedback (Send, Delivery) that the ingress takes in for each mail. The floor sends
nothing; its runs are started and not waited for, as the ingress does it, and its clock stops at the last activity.
BullMQ renders and sends the same mail with the same code, and promises nothing: no ledger, no limit, no consent.`,
  `History events and Actions are those of ${looked} runs of each round, spread evenly over it.`,
];

const patientNote = `"patient" is the same product, where the bench has each mail told in the turn that its slot is far. It goes by the activity
sendEmail on the queue, as one does that has to wait, and does not wait there.`;

/** `order.completed` to receipt, from NATS to the provider, beside a workflow that does nothing and beside a bare queue. */
export const mail: Scenario = (sizes, interrupted) => {
  const product: ProgramName[] = ['ses', 'worker', 'ingress'];
  const programs = sizes.floors
    ? [...product, 'floorWorker' as const, 'queueSes' as const, 'queueWorker' as const]
    : product;
  const files = sizes.patient ? { worker: 'bench/patient-worker.ts' } : {};
  return onStage({ programs, files }, interrupted, async (stage) => {
    const surroundings = await surroundingsOf(stage);
    const products = sizes.patient ? [runProduct, runPatient] : [runProduct];
    const ways = sizes.floors ? [runFloor, ...products, runQueue] : products;
    console.error(`mail: warming up with ${sizes.warmUp} of each`);
    for (const run of ways) await run(stage, sizes.warmUp);
    const runs: Run[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      console.error(`mail: round ${round + 1} of ${sizes.rounds}`);
      // In turn and there and back, so that a machine that gets slower hits all alike.
      for (const run of round % 2 === 0 ? ways : ways.toReversed()) runs.push(await run(stage, sizes.emails));
    }
    return {
      surroundings,
      tables: [mailTable(runs), ...(ways.length > 1 ? [ratioTable(runs)] : []), requestTable(runs)],
      notes: sizes.patient ? [...notes, patientNote] : notes,
      figures: { rate: spread(runs.filter(({ what }) => what === 'product').map(rateOf)).median, runs },
      mistakes: runs.flatMap(({ what, mistakes }) => mistakes.map((mistake) => `${what}: ${mistake}`)),
    };
  });
};
