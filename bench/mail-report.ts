import { othersPercent } from './cpu.ts';
import { mean, told } from './figures.ts';
import type { Histories } from './histories.ts';
import { cpuOf, type Spent } from './meter.ts';
import { type ProcessName, processNames, titles } from './processes.ts';
import { sumOf } from './rpcs.ts';
import type { Table } from './scenario.ts';

/** In the order of the tables. */
const ways = ['inline', 'queued', 'local floor', 'queue floor', 'BullMQ'] as const;

/** The ratios that mean something: each way of the product and the floor that it is built on. */
const compared: readonly (readonly [What, What])[] = [
  ['inline', 'local floor'],
  ['inline', 'queue floor'],
  ['queued', 'queue floor'],
  ['inline', 'queued'],
  ['inline', 'BullMQ'],
];

/** One counted round of one way to send. */
export interface Run {
  what: What;
  count: number;
  /** From the first event, start or job to the last email or, for the floors, to the last activity. */
  seconds: number;
  /** How long publishing took, at the start of it. */
  publishSeconds?: number;
  spent: Spent;
  histories?: Histories;
  mistakes: string[];
}
export type What = (typeof ways)[number];

/** Whose CPU time is work for its emails: the other processes are idle meanwhile. */
const ofProduct: readonly ProcessName[] = [
  'ingress',
  'worker',
  'postgres',
  'temporal',
  'nats',
  'redis',
  'ses',
  'bench',
];
const ofFloor: readonly ProcessName[] = ['temporal', 'floorWorker', 'bench'];
const partsOf: Record<What, readonly ProcessName[]> = {
  inline: ofProduct,
  queued: ofProduct,
  'local floor': ofFloor,
  'queue floor': ofFloor,
  BullMQ: ['queueWorker', 'queueRedis', 'queueSes', 'bench'],
};

/** A column for each way to send, with the median, the least and the most of its rounds. */
export function mailTable(runs: readonly Run[]): Table {
  const whats = waysIn(runs);
  const row = (title: string, digits: number, value: (run: Run) => number | undefined) => [
    title,
    ...whats.map((what) => {
      const values = runs.filter((run) => run.what === what).map(value);
      return told(
        values.filter((value) => value !== undefined),
        digits,
      );
    }),
  ];
  const ofThis = (name: ProcessName) => (run: Run) =>
    partsOf[run.what].includes(name) ? cpuOf(run.spent, [name]) / run.count : undefined;
  const shown = processNames.filter((name) => whats.some((what) => partsOf[what].includes(name)));
  return {
    title: `${runs[0]?.count ?? 0} emails (or runs of a floor) in each of ${runs.length / whats.length} rounds: median (least to most)`,
    rows: [
      ['', ...whats],
      row('per second', 1, rateOf),
      row('publishing took, s', 1, ({ publishSeconds }) => publishSeconds),
      row('history events of one, mean', 2, eventsOfOne),
      ['  fewest to most', ...whats.map((what) => range(runs, what, ({ events }) => events))],
      row('Actions of one, mean', 2, actionsOfOne),
      ['  fewest to most', ...whats.map((what) => range(runs, what, allActions))],
      ['  of them queued', ...whats.map((what) => onTheQueue(runs, what))],
      row('requests to Temporal for one', 2, requestsOfOne),
      row('CPU-ms for one, sum', 2, cpuOfOne),
      ...shown.map((name) => row(`  ${titles[name]}`, 2, ofThis(name))),
      row('memory of the worker, MB', 0, (run) => run.spent.memory[workerOf[run.what]]),
      row('memory of the Temporal server, MB', 0, (run) =>
        run.what === 'BullMQ' ? undefined : run.spent.memory.temporal,
      ),
      row('all CPUs used by others, %', 0, ({ spent }) => othersPercent(spent.cpu)),
    ],
  };
}

function waysIn(runs: readonly Run[]): What[] {
  return ways.filter((what) => runs.some((run) => run.what === what));
}

/** Over all rounds. */
function range(runs: readonly Run[], what: What, numbers: (histories: Histories) => number[]): string {
  const all = historiesOf(runs, what).flatMap(numbers);
  return all.length === 0 ? '-' : `${Math.min(...all)} to ${Math.max(...all)}`;
}

/** "2 of 150": of those whose histories were read. The floors have one way each. */
function onTheQueue(runs: readonly Run[], what: What): string {
  const histories = historiesOf(runs, what);
  if (what.endsWith('floor') || histories.length === 0) return '-';
  const sum = (numbers: number[]) => numbers.reduce((so, number) => so + number, 0);
  return `${sum(histories.map((each) => each.onTheQueue))} of ${sum(histories.map(({ events }) => events.length))}`;
}

function historiesOf(runs: readonly Run[], what: What): Histories[] {
  return runs.flatMap((run) => (run.what === what && run.histories ? [run.histories] : []));
}

function allActions({ actions }: Histories): number[] {
  return actions.map(({ all }) => all);
}

const workerOf: Record<What, ProcessName> = {
  inline: 'worker',
  queued: 'worker',
  'local floor': 'floorWorker',
  'queue floor': 'floorWorker',
  BullMQ: 'queueWorker',
};

/** The product compared with the floors and with BullMQ, round by round. */
export function ratioTable(runs: readonly Run[]): Table {
  const whats = waysIn(runs);
  const pairs = compared.filter((pair) => pair.every((what) => whats.includes(what)));
  const ratios = (what: What, other: What, value: (run: Run) => number) => {
    const [ours, theirs] = [what, other].map((each) => runs.filter((run) => run.what === each).map(value));
    return told(
      ours!.map((one, round) => one / theirs![round]!),
      2,
    );
  };
  return {
    title: 'Ratios round by round: median (least to most)',
    rows: [
      ['', 'rate', 'CPU for one'],
      ...pairs.map(([what, other]) => [
        `${what} / ${other}`,
        ratios(what, other, rateOf),
        ratios(what, other, cpuOfOne),
      ]),
    ],
  };
}

/** The operations that Temporal was asked for, for each mail, from many to few. */
export function requestTable(runs: readonly Run[]): Table {
  const asked = runs.filter(({ what }) => what !== 'BullMQ');
  const whats = waysIn(asked);
  const operations = [...new Set(asked.flatMap(({ spent }) => Object.keys(spent.requests)))];
  const each = (operation: string, what: What) =>
    asked.filter((run) => run.what === what).map((run) => (run.spent.requests[operation] ?? 0) / run.count);
  return {
    title: 'Requests to Temporal for one, by operation; without long polls and health checks',
    rows: [
      ['', ...whats],
      ...operations.map((operation) => [operation, ...whats.map((what) => told(each(operation, what), 2))]),
    ],
  };
}

export function rateOf({ count, seconds }: Run): number {
  return count / seconds;
}

export function cpuOfOne(run: Run): number {
  return cpuOf(run.spent, partsOf[run.what]) / run.count;
}

/** The mean of those whose histories were looked at, as the next. */
export function eventsOfOne({ histories }: Run): number | undefined {
  return histories && mean(histories.events);
}

export function actionsOfOne({ histories }: Run): number | undefined {
  return histories && mean(allActions(histories));
}

export function requestsOfOne({ what, spent, count }: Run): number | undefined {
  return what === 'BullMQ' ? undefined : sumOf(spent.requests) / count;
}
