import { NotDone } from '../wrong-use.ts';
import { quoted } from './quoted.ts';

/** Why a row cannot be imported: a kind, such as `not an address`, and the text that is invalid. */
export interface Refusal {
  refused: string;
  text: string;
}

interface Kind {
  count: number;
  /** The first of them. */
  lines: number[];
  example: string;
}

/** What became of the rows of a file. */
export interface Tally {
  rows: number;
  imported: number;
  unchanged: number;
  /** Valid rows that say nothing to import, such as subscribers in a list of suppressions. */
  ignored: number;
  refused: Map<string, Kind>;
  /** Optional fields that were invalid, in rows that were imported without them. */
  leftOut: Map<string, Kind>;
  /** What the imported rows became, by name. */
  became: Map<string, number>;
}

export const emptyTally = (): Tally => ({
  rows: 0,
  imported: 0,
  unchanged: 0,
  ignored: 0,
  refused: new Map(),
  leftOut: new Map(),
  became: new Map(),
});

const mostLines = 5;

/** Counts one more of a kind. */
export function count(kinds: Map<string, Kind>, kind: string, line: number, example: string): void {
  const known = kinds.get(kind) ?? { count: 0, lines: [], example };
  known.count += 1;
  if (known.lines.length < mostLines) known.lines.push(line);
  kinds.set(kind, known);
}

const refusedRows = ({ refused }: Tally) => [...refused.values()].reduce((sum, { count }) => sum + count, 0);

/** The report in lines; `format` names what the file was recognized as. The same for a dry run. */
export function reportOf(file: string, format: string, tally: Tally, errors: string | undefined): string[] {
  const { rows, imported, unchanged, ignored, refused, leftOut, became } = tally;
  const line = (name: string, count: number) => `  ${name.padEnd(28)}${count}`;
  return [
    `${file} (${format}):`,
    line('rows', rows),
    line('imported', imported),
    ...[...became].toSorted().map(([name, count]) => line(`  ${name}`, count)),
    line('unchanged', unchanged),
    ...(ignored > 0 ? [line('ignored', ignored)] : []),
    line('refused', refusedRows(tally)),
    ...[...refused].map(([kind, { count }]) => line(`  ${kind}`, count)),
    ...section('Refused rows:', refused),
    ...(refused.size > 0 && errors === undefined ? ['--errors <file> writes all refused rows to a file.'] : []),
    ...(refused.size > 0 && errors !== undefined ? [`All refused rows: ${errors}`] : []),
    ...section('Invalid optional fields, left out:', leftOut),
  ];
}

function section(title: string, kinds: ReadonlyMap<string, Kind>): string[] {
  return kinds.size === 0 ? [] : [title, ...[...kinds].map(([kind, found]) => `  ${kind}: ${whereOf(found)}`)];
}

function whereOf({ count, lines, example }: Kind): string {
  const more = count > lines.length ? ` and ${count - lines.length} more` : '';
  return `${count === 1 ? 'line' : 'lines'} ${lines.join(', ')}${more}${example === '' ? '' : `, such as ${quoted(example)}`}`;
}

/**
 * Throws NotDone, which ends the command with exit code 1, when rows were there and none could be used, or when more than half were
 * refused.
 */
export function assertUsable(tally: Tally): void {
  const { rows, imported, unchanged } = tally;
  if (rows > 0 && imported + unchanged === 0) throw new NotDone('No row could be imported.');
  if (refusedRows(tally) > rows / 2) throw new NotDone('More than half of the rows were refused.');
}
