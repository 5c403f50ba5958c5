import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

import { compare } from './compare.ts';
import { columns } from './figures.ts';
import { runApart } from './run-apart.ts';
import type { Result, Sizes } from './scenario.ts';
import { inSuite, scenarios } from './scenarios.ts';

const usage = `Usage: npm run bench -- [SCENARIO ...] [--json FILE] [--quick]
  Scenarios:  ${Object.keys(scenarios).join(' ')}
              without one: ${inSuite.join(' ')}
  Sizes:      [--emails 500] [--warm-up 1500] [--rounds 3] [--sleepers 5000] [--wake-rate 50] [--rows 20000]
              [--minutes 30]
              [--no-floors]
  --queued    mail: the product with every email queued too
  --fsync     mail, send, bytes: on (as npm start: written to disk before it is acknowledged; default) or off
  --quick     mail with 150 emails, 1 round, --fsync off; for CI
  compare     --base REV [--head HEAD] [--pairs 3]: the scenario mail on two revisions, in pairs`;

const { values, positionals } = readArguments();
const sizes: Sizes = {
  emails: atLeastOne(values.emails ?? (values.quick ? '150' : '500')),
  warmUp: atLeastOne(values['warm-up'] ?? (values.quick ? '50' : '1500')),
  rounds: atLeastOne(values.rounds ?? (values.quick ? '1' : '3')),
  sleepers: atLeastOne(values.sleepers),
  wakeRate: atLeastOne(values['wake-rate']),
  floors: values.floors,
  queued: values.queued,
  minutes: atLeastOne(values.minutes),
  rows: atLeastOne(values.rows),
  fsync: onOrOff(values.fsync ?? (values.quick ? 'off' : 'on')),
};
const json = values.json ?? `.rivulet/bench-${new Date().toISOString().replaceAll(':', '-')}.json`;
const named = positionals.length > 0 ? positionals : values.quick ? ['mail'] : inSuite;
const unknown = named.filter((name) => name !== 'compare' && !(name in scenarios));
if (unknown.length > 0) refuse(`There is no scenario ${unknown.join(', ')}.`);

const results: Record<string, Result> = {};
let toldSurroundings = '';
try {
  for (const name of named) await runAndTell(name);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
if (Object.keys(results).length > 0) console.log(`\nAlso in ${json}`);

async function runAndTell(name: string): Promise<void> {
  const startedAt = Date.now();
  const result = name === 'compare' ? await compareRevisions() : await runApart(name, sizes);
  results[name] = result;
  if (name === 'mail') Object.assign(sizes, { rate: result.figures['rate'] });
  tell(name, result, Math.round((Date.now() - startedAt) / 1_000));
  // After each, so that what was measured stays when a later one fails.
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify({ sizes, results }, null, 2)}\n`);
  if (result.mistakes.length > 0) process.exitCode = 1;
}

function compareRevisions(): Promise<Result> {
  const { base, head, pairs } = values;
  if (base === undefined) return refuse('compare needs --base, a revision of git.');
  return compare({ base, head, pairs: atLeastOne(pairs) }, sizes);
}

function tell(name: string, { surroundings, tables, notes, mistakes }: Result, seconds: number): void {
  console.log(`\n== ${name} (${seconds} s)`);
  if (surroundings !== undefined && surroundings !== toldSurroundings) console.log(surroundings);
  toldSurroundings = surroundings ?? toldSurroundings;
  for (const { title, rows } of tables) console.log(`\n${title}\n${columns(rows)}`);
  for (const note of notes) console.log(`\n${note}`);
  console.log(mistakes.length === 0 ? '\nCounts: right' : `\nCounts: WRONG\n  ${mistakes.join('\n  ')}`);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        json: { type: 'string' },
        quick: { type: 'boolean', default: false },
        emails: { type: 'string' },
        'warm-up': { type: 'string' },
        rounds: { type: 'string' },
        sleepers: { type: 'string', default: '5000' },
        'wake-rate': { type: 'string', default: '50' },
        floors: { type: 'boolean', default: true },
        minutes: { type: 'string', default: '30' },
        rows: { type: 'string', default: '20000' },
        fsync: { type: 'string' },
        queued: { type: 'boolean', default: false },
        base: { type: 'string' },
        head: { type: 'string', default: 'HEAD' },
        pairs: { type: 'string', default: '3' },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function atLeastOne(text: string): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : refuse(`"${text}" is no whole number above 0.`);
}

function onOrOff(text: string): boolean {
  return text === 'on' || text === 'off' ? text === 'on' : refuse(`--fsync "${text}": use on or off.`);
}

function refuse(why: string): never {
  console.error(`${why}\n${usage}`);
  process.exit(2);
}
