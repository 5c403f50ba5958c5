import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

import { runFloor } from './floor-run.ts';
import { runProduct } from './product-run.ts';
import { ratios, type Run, runsTable } from './report.ts';
import { onStage, type Stage } from './stage.ts';
import { describeSurroundings, surroundingsText } from './surroundings.ts';

const limits = `
These rates are no capacity figures: one machine runs everything, and most of its CPU goes to Temporal's development
server (one shard, SQLite). Compare CPU-ms for each mail, and the product with the floor of the same run.
The product's CPU includes the feedback (Send, Delivery) that the ingress takes in for each mail.`;

const usage = 'Usage: npm run bench -- [--emails 2000] [--warm-up 200] [--json FILE]';

const { values } = parseArgs({
  options: {
    emails: { type: 'string', default: '2000' },
    'warm-up': { type: 'string', default: '200' },
    json: { type: 'string' },
  },
});
const emails = atLeastOne(values.emails);
const warmUp = atLeastOne(values['warm-up']);
const json = values.json ?? `.rivulet/bench-${new Date().toISOString().replaceAll(':', '-')}.json`;

try {
  process.exit(await onStage(bench, interruption()));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** Floor and product in turn, twice, so that a machine that gets slower hits both. Gives back the exit code. */
async function bench(stage: Stage): Promise<number> {
  const surroundings = await describeSurroundings(stage);
  console.log(surroundingsText(surroundings));
  console.error(`\nWarming up with ${warmUp} of each ...`);
  await runFloor(stage, warmUp);
  await runProduct(stage, warmUp);
  const runs: Run[] = [];
  for (const run of [runFloor, runProduct, runFloor, runProduct]) {
    console.error(`Run ${runs.length + 1} of 4 ...`);
    runs.push(await run(stage, emails));
  }

  console.log(`\n${runsTable(runs, surroundings.cores)}\n`);
  for (const [round, { rate, cpu }] of ratios(runs).entries()) {
    console.log(`Product / floor, round ${round + 1}: rate ${rate.toFixed(2)}, CPU for each ${cpu.toFixed(2)}`);
  }
  console.log(limits);
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify({ surroundings, runs, ratios: ratios(runs) }, null, 2)}\n`);
  console.log(`\nAlso in ${json}`);
  return runs.every(({ mistakes }) => mistakes.length === 0) ? 0 : 1;
}

/** Rejects on Ctrl-C, so that everything is taken down in order. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)));
    }
  });
}

function atLeastOne(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    console.error(`"${text}" is no whole number above 0.\n${usage}`);
    process.exit(1);
  }
  return number;
}
