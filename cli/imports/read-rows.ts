import { parse } from 'csv-parse/sync';

import { NotDone } from '../wrong-use.ts';
import { type Columns, found, locate, type Sought } from './columns.ts';
import { looksLikeJson, readJson } from './json-rows.ts';
import { linesOf } from './lines.ts';

/** One row of a file. */
export interface Row {
  /** Where it begins, from 1; of JSON, its place in the list. */
  line: number;
  /** As it is in the file. */
  text: string;
  /** Undefined when its quotes do not match. */
  cells: string[] | undefined;
}

/** A CSV file, or a list of objects as JSON: its columns, how many a row has, and its rows, page by page. */
export interface Table<Field extends string> {
  columns: Columns<Field>;
  width: number;
  pages: AsyncGenerator<Row[]>;
}

/** More lines than a field has: a quote that is not closed by then never is, and must not swallow the rest of the file. */
const longestRow = 20;
const pageSize = 1_000;
const separators = [',', ';', '\t', '|'];

/**
 * Opens a CSV file, which is then read page by page, in constant memory, whatever its size. The first row names the columns; a line
 * such as `sep=;` may precede it. A file that begins like JSON is read as a whole. Throws NotDone when the file cannot be read or lacks a required column, and WrongUse when it
 * lacks a mapped one.
 */
export async function openTable<Field extends string>(file: string, sought: Sought<Field>): Promise<Table<Field>> {
  const lines = linesOf(file);
  try {
    return await tableOf(file, lines, sought);
  } catch (error) {
    await lines.return(undefined);
    throw error;
  }
}

async function tableOf<Field extends string>(
  file: string,
  lines: AsyncGenerator<string>,
  sought: Sought<Field>,
): Promise<Table<Field>> {
  let line = 0;
  const next = async (): Promise<string> => {
    const read = await lines.next();
    if (read.done) throw new NotDone(`${file} is empty.`);
    line += 1;
    return read.value.trim() === '' ? next() : read.value;
  };
  let first = await next();
  if (looksLikeJson(first)) {
    const { header, rows } = await readJson(file, first, lines);
    return { columns: locate(file, header, sought), width: header.length, pages: pagesOfJson(rows) };
  }
  const declared = /^"?sep=(.)"?\s*$/i.exec(first)?.[1];
  if (declared !== undefined) first = await next();
  const { header, separator } = headerOf(first, declared === undefined ? separators : [declared], sought);
  const width = header.length;
  return { columns: locate(file, header, sought), width, pages: pagesOf(lines, { line: line + 1, separator, width }) };
}

async function* pagesOfJson(rows: readonly string[][]): AsyncGenerator<Row[]> {
  for (let start = 0; start < rows.length; start += pageSize) {
    const page = rows.slice(start, start + pageSize);
    yield page.map((cells, index) => ({ line: start + index + 1, text: JSON.stringify(cells), cells }));
  }
}

interface Layout {
  /** Of the first row, from 1. */
  line: number;
  separator: string;
  width: number;
}

async function* pagesOf(lines: AsyncIterable<string>, { line, separator, width }: Layout): AsyncGenerator<Row[]> {
  const fits = (text: string) => cellsOf(text, separator)?.length === width;
  let page: Omit<Row, 'cells'>[] = [];
  for await (const row of rowsOf(lines, line, fits)) {
    if (row.text.trim() === '') continue;
    page.push(row);
    if (page.length < pageSize) continue;
    yield withCells(page, separator);
    page = [];
  }
  yield withCells(page, separator);
}

/** The separator is the one with which the first row names most of what is required, and then most columns. */
function headerOf<Field extends string>(
  text: string,
  candidates: readonly string[],
  sought: Sought<Field>,
): { header: string[]; separator: string } {
  const headers = candidates.map((separator) => {
    const header = (cellsOf(text, separator) ?? [text]).map((cell) => cell.trim());
    return { header, separator, found: found(header, sought) };
  });
  const [best] = headers.toSorted((one, other) => other.found - one.found || other.header.length - one.header.length);
  return best!;
}

/** Joins lines that belong to one quoted field. A quote that leads to no row of the right size spoils its own line alone. */
async function* rowsOf(
  lines: AsyncIterable<string>,
  first: number,
  fits: (text: string) => boolean,
): AsyncGenerator<Omit<Row, 'cells'>> {
  const waiting: string[] = [];
  let line = first;
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
function withCells(rows: readonly Omit<Row, 'cells'>[], separator: string): Row[] {
  const all = records(rows.map(({ text }) => text).join('\n'), separator);
  if (all?.length === rows.length) return rows.map((row, index) => ({ ...row, cells: all[index] }));
  return rows.map((row) => ({ ...row, cells: cellsOf(row.text, separator) }));
}

/** `"Ada" <ada@example.com>` is no CSV, yet lists have it: there, quotes are part of the text. */
const mailbox = /^[^\n]*"[^"\n]*" *<[^<>"\n]+>[^\n]*$/;

function cellsOf(text: string, separator: string): string[] | undefined {
  const read =
    records(text, separator) ?? (mailbox.test(text) ? records(text, separator, { relax_quotes: true }) : undefined);
  return read?.length === 1 ? read[0] : undefined;
}

function records(text: string, delimiter: string, more: { relax_quotes?: true } = {}): string[][] | undefined {
  try {
    return parse(text, { delimiter, record_delimiter: '\n', relax_column_count: true, ...more });
  } catch {
    return undefined;
  }
}
