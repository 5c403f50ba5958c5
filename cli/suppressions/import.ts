import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { resolve } from 'node:path';

import { stringify } from 'csv-stringify/sync';

import { fewAtOnce } from '../../store/few-at-once.ts';
import type { Store } from '../../store/store.ts';
import { type Suppression, widen } from '../../store/suppressions.ts';
import type { CliContext } from '../context.ts';
import { type OpenStore, withStore, withSecretStore } from '../store.ts';
import { NotDone, WrongUse } from '../wrong-use.ts';
import { type Entry, type Mistake, readEntry } from './entry.ts';
import { readRows, type Row } from './read-rows.ts';

export interface ImportOptions {
  dryRun?: true;
  errors?: string;
}

interface Counts {
  rows: number;
  added: number;
  there: number;
  wrong: Partial<Record<Mistake, number>>;
  /** The first of them, as they are shown. */
  shown: string[];
}

const mostShown = 10;

/** Imports page by page. A wrong row is counted and left out; it never stops the others. */
export async function importFile(context: CliContext, file: string, options: ImportOptions): Promise<void> {
  if (options.errors !== undefined && resolve(options.errors) === resolve(file)) {
    throw new WrongUse('--errors would overwrite the file that is to be imported.');
  }
  const pages = readRows(file, ['email', 'address_hash']);
  const first = await pages.next();
  if (first.done) throw new NotDone(`${file} is empty.`);
  const [header] = first.value;
  // A file of hashes alone needs no secret.
  const open = header.includes('email') ? withSecretStore : withStore;
  const counts = await open(context.env, async (found) => {
    const errors = options.errors === undefined ? undefined : await openErrors(options.errors);
    const counts: Counts = { rows: 0, added: 0, there: 0, wrong: {}, shown: [] };
    const change = options.dryRun
      ? dryRun(found.store)
      : (hash: string, each: Suppression) => found.store.suppressions.add(hash, each);
    for (let page: IteratorResult<[string[], Row[]]> = first; !page.done; page = await pages.next()) {
      await takePage(found, counts, page.value, change, errors);
    }
    if (errors) await finished(errors.end());
    return counts;
  });
  for (const line of reportOf(file, counts, options)) context.print(line);
}

type Change = (hash: string, suppression: Suppression) => Promise<boolean>;

async function takePage(
  { store, config }: OpenStore,
  counts: Counts,
  [header, rows]: [string[], Row[]],
  change: Change,
  errors: WriteStream | undefined,
): Promise<void> {
  const now = Date.now();
  const scopeOf = (reason: Suppression['reason']) =>
    reason === 'complaint' ? config.suppression.complaints_stop : reason === 'invalid_address' ? 'marketing' : 'all';
  const entries: Entry[] = [];
  const wrong: string[][] = [];
  for (const row of rows) {
    const read = readEntry(header, row, { now, scopeOf });
    if (!Array.isArray(read)) entries.push(read);
    else {
      const [mistake, words] = read;
      counts.wrong[mistake] = (counts.wrong[mistake] ?? 0) + 1;
      if (counts.shown.length < mostShown)
        counts.shown.push(`line ${row.line}: ${mistake}${words && ` ${quoted(words)}`}`);
      wrong.push([String(row.line), mistake, row.text]);
    }
  }
  counts.rows += rows.length;
  const byHash = new Map<string, Suppression[]>();
  for (const entry of entries) {
    const hash = 'hash' in entry ? entry.hash : store.addressHash(entry.address);
    byHash.set(hash, [...(byHash.get(hash) ?? []), entry.suppression]);
  }
  await fewAtOnce([...byHash], async ([hash, suppressions]) => {
    // In the order of the file: what a row changes depends on those before it.
    for (const each of suppressions) {
      if (await change(hash, each)) counts.added++;
      else counts.there++;
    }
  });
  if (errors && wrong.length > 0 && !errors.write(stringify(wrong))) await once(errors, 'drain');
}

/** What adding would have done. It remembers what the file has said so far, a line each, since nothing else does. */
function dryRun({ suppressions }: Store): Change {
  const said = new Map<string, Promise<Suppression[]>>();
  return async (hash, more) => {
    const key = `${hash} ${more.reason}`;
    const before =
      said.get(key) ?? suppressions.of(hash).then((all) => all.filter(({ reason }) => reason === more.reason));
    const after = before.then((known) => widen(known, more));
    said.set(
      key,
      after.then(async (changed) => changed ?? (await before)),
    );
    return (await after) !== undefined;
  };
}

async function openErrors(file: string): Promise<WriteStream> {
  // The rows hold addresses.
  const stream = createWriteStream(file, { mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new NotDone(`--errors: ${(error as Error).message}. Nothing was imported.`);
  }
  stream.on('error', () => undefined); // told when the file is ended
  stream.write(stringify([['line', 'reason', 'row']]));
  return stream;
}

/** Somebody else's words, on a terminal that must not act on them. */
function quoted(words: string): string {
  return `"${words.slice(0, 80).replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')}"`;
}

function reportOf(
  file: string,
  { rows, added, there, wrong, shown }: Counts,
  { dryRun, errors }: ImportOptions,
): string[] {
  const mistakes = Object.entries(wrong);
  const wrongRows = mistakes.reduce((sum, [, count]) => sum + count, 0);
  const line = (name: string, count: number) => `  ${name.padEnd(28)}${count}`;
  return [
    dryRun ? `Dry run of ${file}: nothing was changed. An import would give:` : `Imported ${file}:`,
    line('rows', rows),
    line('added', added),
    line('already there', there),
    line('wrong', wrongRows),
    ...mistakes.map(([name, count]) => line(`  ${name}`, count)),
    ...(wrongRows === 0
      ? []
      : [
          wrongRows > shown.length ? `The first ${shown.length} of the wrong rows:` : 'The wrong rows:',
          ...shown.map((each) => `  ${each}`),
          `${wrongRows} wrong ${wrongRows === 1 ? 'row was' : 'rows were'} left out, all others were ${dryRun ? 'looked at' : 'imported'}.`,
          errors === undefined ? '--errors <file> writes all of them to a file.' : `All of them are in ${errors}.`,
        ]),
  ];
}
