import Table from 'cli-table3';

import type { Boundary } from './boundaries.ts';
import type { Counts } from './counts.ts';
import type { FaultKind } from './faults.ts';
import { isDuplicate, isGivenUp, isLost, isUnknown, type Outcome } from './outcome.ts';
import type { ChaosOptions } from './plan.ts';

export interface Result {
  options: ChaosOptions;
  outcomes: Outcome[];
  /** Runs that had not closed when waiting ended. */
  open: string[];
  runs: number;
  deaths: Counts<Boundary>;
  kills: Counts;
  freezes: Counts;
  faults: Counts<FaultKind>;
  endedByThemselves: number;
  seconds: Counts;
}

/** The run as a table, for people. */
export function describeResult(result: Result): string {
  const { options, outcomes, deaths, kills, freezes, faults } = result;
  const table = new Table({ chars: noLines, style: { head: [], border: [] } });
  const mails = outcomes.reduce((sum, outcome) => sum + outcome.mails, 0);
  const unknown = outcomes.filter(isUnknown);
  const marked = outcomes.filter((outcome) => outcome.marked);
  table.push(
    ['seed', options.seed],
    ['event feed', options.feed ? 'on' : 'off'],
    ['events, one mail each', outcomes.length],
    ['runs', `${result.runs}, not closed ${result.open.length}`],
    ['mails', mails],
    ['duplicates', byClass(outcomes.filter(isDuplicate))],
    ['lost', byClass(outcomes.filter(isLost))],
    ['unknown', byClass(unknown)],
    ['  the mail had left', byClass(unknown.filter((outcome) => outcome.mails > 0))],
    ['  it had not', byClass(unknown.filter((outcome) => outcome.mails === 0))],
    ['  it had not, two answers were lost', byClass(unknown.filter(isGivenUp))],
    ['possible_duplicate', byClass(marked)],
    ['  really left twice', byClass(marked.filter(isDuplicate))],
    ['workers dead', list(deaths)],
    ['killed', list(kills)],
    ['frozen', list(freezes)],
    ['ended by themselves', result.endedByThemselves],
    ['faults of SES', list(faults)],
    ['seconds', list(result.seconds)],
  );
  return `${table.toString()}\n${options.feed ? '' : `${withoutFeed}\n`}`;
}

const noLines = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

const withoutFeed =
  'With the event feed off nothing tells whether a mail left whose answer was lost: a marketing mail then ends unknown ' +
  'rather than leave twice, and a transactional one is sent once more and marked possible_duplicate.';

function byClass(outcomes: Outcome[]): string {
  const transactional = outcomes.filter((outcome) => outcome.transactional).length;
  if (outcomes.length === 0) return '0';
  return `${outcomes.length} (${transactional} transactional, ${outcomes.length - transactional} marketing)`;
}

function list(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}
