import Table from 'cli-table3';

import type { Boundary } from './boundaries.ts';
import type { Closed } from './closing.ts';
import { count, type Counts } from './counts.ts';
import type { FaultKind } from './faults.ts';
import type { Message } from './message.ts';
import { isDuplicate, isLost, isMarked, isUnknown, type Outcome } from './outcome.ts';
import { type ChaosOptions, everyone, type Plan } from './plan.ts';
import { ingresses, workers } from './targets.ts';

export interface Result extends Closed {
  options: ChaosOptions;
  plan: Plan;
  deaths: Counts<Boundary>;
  kills: Counts;
  freezes: Counts;
  wipes: number;
  failovers: number;
  /** Trouble whose length is measured against a window of the product, in words. */
  outages: string[];
  /** What was published in one go. */
  bursts: Counts;
  faults: Counts<FaultKind>;
  /** Calls to Temporal that failed, by call and failure, while its probe passed. */
  partialFailures: Counts;
  endedByThemselves: number;
  seconds: Counts;
}

/** The run as a table, for people. */
export function describeResult(result: Result): string {
  const { options, plan, outcomes, deaths, kills, freezes, faults, letters } = result;
  const table = new Table({ chars: noLines, style: { head: [], border: [] } });
  const mails = outcomes.reduce((sum, outcome) => sum + outcome.mails, 0);
  const unknown = outcomes.filter(isUnknown);
  const marked = outcomes.filter(isMarked);
  const doubtful = outcomes.filter(({ inDoubt }) => inDoubt);
  table.push(
    ['seed', options.seed],
    ['event feed', options.feed ? 'on' : 'off'],
    ['ingresses, workers', `${ingresses.length}, ${workers.length} and one that dies at a boundary`],
    ['good events', everyone(plan).flatMap(({ messages }) => messages).length - result.unrecorded.length],
    ['  that cause one email each', outcomes.length],
    ['  of one person', plan.hot.messages.length],
    ['  in bulk', plan.bulk.length],
    ['  in broken headers', everyone(plan).flatMap(({ messages }) => messages.filter(isBroken)).length],
    ['  in parts: address or consent in another event', everyone(plan).filter(({ apart }) => apart).length],
    ['poisoned messages', list(countsOf(plan.poison.map(({ kind }) => kind)))],
    ['dead letters, expected and found', `${letters.expected}, ${letters.found}`],
    [
      '  missing, repeated, misjudged',
      `${letters.missing.length}, ${letters.repeated.length}, ${letters.misjudged.length}`,
    ],
    ['  of good events', letters.ofGood.length],
    ['unprocessed messages', result.unprocessed],
    ['runs', `${result.runs}, not closed ${result.open.length}, terminated in doubt ${result.terminated}`],
    ['mails', mails],
    ['duplicates', byClass(outcomes.filter(isDuplicate))],
    ['lost', byClass(outcomes.filter(isLost))],
    ['unknown', byClass(unknown)],
    ['in doubt', byClass(doubtful)],
    ['  it had been sent', byClass(doubtful.filter((outcome) => outcome.mails > 0))],
    ['  it had not', byClass(doubtful.filter((outcome) => outcome.mails === 0))],
    ['possible_duplicate', byClass(marked)],
    ['  really sent twice', byClass(marked.filter(isDuplicate))],
    ['workers dead', list(deaths)],
    ['killed', list(kills)],
    ['frozen', list(freezes)],
    ['Redis wiped, Postgres failed over', `${result.wipes}, ${result.failovers}`],
    ['outages', result.outages.join('\n')],
    ['ended by themselves', result.endedByThemselves],
    ['faults of SES', list(faults)],
    ['partial failures of Temporal', list(result.partialFailures, '\n')],
    ['seconds', list(result.seconds)],
  );
  return `${table.toString()}\n${options.feed ? '' : `${withoutFeed}\n`}`;
}

const isBroken = ({ brokenHeader }: Message) => brokenHeader !== undefined;

const noLines = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

const withoutFeed =
  'With the event feed off nothing says whether an email was sent whose answer was lost: a marketing email then waits in doubt ' +
  'rather than be sent twice, and a transactional one is sent again and marked possible_duplicate.';

function byClass(outcomes: Outcome[]): string {
  const transactional = outcomes.filter((outcome) => outcome.transactional).length;
  if (outcomes.length === 0) return '0';
  return `${outcomes.length} (${transactional} transactional, ${outcomes.length - transactional} marketing)`;
}

function countsOf(names: readonly string[]): Counts {
  const counts: Counts = {};
  for (const name of names) count(counts, name);
  return counts;
}

function list(counts: Counts, between = ', '): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(between);
}
