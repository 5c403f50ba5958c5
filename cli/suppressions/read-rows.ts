import { createReadStream } from 'node:fs';

import { parse } from 'csv-parse/sync';

import { NotDone } from '../wrong-use.ts';

/** One row of a CSV file. */
export interface Row {
  /** Where it begins, from 1. */
  line: number;
  /** As it stands in the file. */
  text: string;
  /** Undefined when its quotes make no sense. */
  cells: string[] | undefined;
}

/** More lines than a field has: a quote that is not closed by then never is, and must not swallow the rest of the file. */
const longestRow = 20;
const longestLine = 1_000_000;
const pageSize = 1_000;
const delimiters = [',', ';', '\t'];

/**
 * Reads a CSV file page by page, in constant memory, whatever its size. The first page begins with the names of the
 * columns, in lower case. Throws NotDone when it cannot be read, or when its first row names none of `columns`.
 */
export async function* readRows(file: string, columns: readonly string[]): AsyncGenerator<[string[], Row[]]> {
  const lines = linesOf(file);
  const first = await lines.next();
  const { header, delimiter } = headerOf(file, first.done ? '' : first.value, columns);
  const fits = (text: string) => cellsOf(text, delimiter)?.length === header.length;
  let page: Omit<Row, 'cells'>[] = [];
  for await (const row of rowsOf(lines, fits)) {
    if (row.text.trim() === '') continue;
    page.push(row);
    if (page.length < pageSize) continue;
    yield [header, withCells(page, delimiter)];
    page = [];
  }
  yield [header, withCells(page, delimiter)];
}

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  let isFirst = true;
  try {
    for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + (isFirst ? chunk.replace(/^\uFEFF/, '') : chunk)).split('\n');
      isFirst = false;
      rest = lines.pop() ?? '';
      if (rest.length > longestLine)
        throw new NotDone(`${file}: a line is longer than ${longestLine} characters. Is it CSV?`);
      for (const line of lines) yield line.replace(/\r$/, '');
    }
  } catch (error) {
    if (error instanceof NotDone) throw error;
    throw new NotDone(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

/** Its separator is the one with which the first row makes sense. */
function headerOf(file: string, text: string, columns: readonly string[]): { header: string[]; delimiter: string } {
  for (const delimiter of delimiters) {
    const header = cellsOf(text, delimiter)?.map((cell) => cell.trim().toLowerCase()) ?? [];
    if (header.some((name) => columns.includes(name))) return { header, delimiter };
  }
  throw new NotDone(`${file}: the first row must name the columns, ${columns.join(' or ')} among them.`);
}

/** Joins lines that belong to one quoted field. A quote that leads to no row of the right size spoils its own line alone. */
async function* rowsOf(
  lines: AsyncIterable<string>,
  fits: (text: string) => boolean,
): AsyncGenerator<Omit<Row, 'cells'>> {
  const waiting: string[] = [];
  let line = 2;
  const take = function* (isEnd: boolean) {
    while (waiting.length > 0) {
      const count = linesOfFirst(waiting);
      if (count === undefined && waiting.length < longestRow && !isEnd) return;
      const joined = waiting.slice(0, count ?? 1).join('\n');
      const isOne = count !== undefined && (count === 1 || fits(joined));
      const taken = waiting.splice(0, isOne ? count : 1);
      yield { line, text: taken.join('\n') };
      line += taken.length;
    }
  };
  for await (const text of lines) {
    waiting.push(text);
    yield* take(false);
  }
  yield* take(true);
}

/** How many lines the first row has, by its quotes; undefined when the last one is still open. */
function linesOfFirst(lines: readonly string[]): number | undefined {
  let quotes = 0;
  for (const [index, text] of lines.entries()) {
    for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1;
    if (quotes % 2 === 0) return index + 1;
  }
  return undefined;
}

/** All at once, which is quick; and one by one where a row among them cannot be read. */
function withCells(rows: readonly Omit<Row, 'cells'>[], delimiter: string): Row[] {
  const all = records(rows.map(({ text }) => text).join('\n'), delimiter);
  if (all?.length === rows.length) return rows.map((row, index) => ({ ...row, cells: all[index] }));
  return rows.map((row) => ({ ...row, cells: cellsOf(row.text, delimiter) }));
}

function cellsOf(text: string, delimiter: string): string[] | undefined {
  const found = records(text, delimiter);
  return found?.length === 1 ? found[0] : undefined;
}

function records(text: string, delimiter: string): string[][] | undefined {
  try {
    return parse(text, { delimiter, record_delimiter: '\n', relax_column_count: true });
  } catch {
    return undefined;
  }
}
