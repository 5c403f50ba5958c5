import { fewAtOnce } from '../../store/few-at-once.ts';
import type { Columns } from './columns.ts';
import type { ErrorsFile } from './errors-file.ts';
import type { Table } from './read-rows.ts';
import { count, emptyTally, type Refusal, type Tally } from './tally.ts';

/** A row whose optional fields may be invalid: `leftOut` has field, and the text that is. */
export interface ReadRow<Entry> {
  entry: Entry;
  leftOut?: readonly (readonly [field: string, text: string])[];
}

/** What an import does with the rows of a file. */
export interface Importing<Field extends string, Entry> {
  read(columns: Columns<Field>, cells: readonly string[]): ReadRow<Entry> | Refusal | 'ignored';
  /** Entries with the same key are applied one after another, in the order of the file. */
  keyOf(entry: Entry): string;
  /** Returns whether it changes anything, and what the entry became. */
  apply(entry: Entry): Promise<{ changed: boolean; became?: string }>;
}

/** Imports a file page by page. An invalid row is counted and left out; it never stops the others. */
export async function importRows<Field extends string, Entry>(
  { columns, width, pages }: Table<Field>,
  importing: Importing<Field, Entry>,
  errors: ErrorsFile | undefined,
): Promise<Tally> {
  const tally = emptyTally();
  for await (const page of pages) {
    const byKey = new Map<string, Entry[]>();
    const refused: string[][] = [];
    for (const { line, text, cells } of page) {
      const read = readRow(importing, columns, width, cells);
      if (read === 'ignored') tally.ignored += 1;
      else if ('refused' in read) {
        count(tally.refused, read.refused, line, read.text);
        refused.push([String(line), read.refused, text]);
      } else {
        const key = importing.keyOf(read.entry);
        byKey.set(key, [...(byKey.get(key) ?? []), read.entry]);
        for (const [field, value] of read.leftOut ?? []) count(tally.leftOut, field, line, value);
      }
    }
    tally.rows += page.length;
    await fewAtOnce([...byKey.values()], (entries) => applyInOrder(tally, importing, entries));
    await errors?.write(refused);
  }
  await errors?.close();
  return tally;
}

function readRow<Field extends string, Entry>(
  importing: Importing<Field, Entry>,
  columns: Columns<Field>,
  width: number,
  cells: readonly string[] | undefined,
): ReadRow<Entry> | Refusal | 'ignored' {
  if (cells === undefined) return { refused: 'quotes that do not match', text: '' };
  // Spreadsheets end rows with separators that the header does not have.
  const hasMore = cells.slice(width).some((cell) => cell.trim() !== '');
  if (cells.length < width || hasMore)
    return { refused: 'wrong number of columns', text: `${cells.length} of ${width}` };
  return importing.read(columns, cells);
}

async function applyInOrder<Field extends string, Entry>(
  tally: Tally,
  importing: Importing<Field, Entry>,
  entries: readonly Entry[],
): Promise<void> {
  for (const entry of entries) {
    const { changed, became } = await importing.apply(entry);
    if (!changed) tally.unchanged += 1;
    else {
      tally.imported += 1;
      if (became !== undefined) tally.became.set(became, (tally.became.get(became) ?? 0) + 1);
    }
  }
}
