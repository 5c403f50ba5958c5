import type { Store } from '../../store/store.ts';
import { type Suppression, type SuppressionReason, widen } from '../../store/suppressions.ts';
import type { CliContext } from '../context.ts';
import { type ColumnOptions, parseColumnOptions } from '../imports/columns.ts';
import { openErrors } from '../imports/errors-file.ts';
import { createForecast } from '../imports/forecast.ts';
import { type Importing, importRows } from '../imports/import-rows.ts';
import { openTable } from '../imports/read-rows.ts';
import { assertUsable, reportOf } from '../imports/tally.ts';
import { topicsIn } from '../imports/topics.ts';
import { type OpenStore, withStore, withSecretStore } from '../store.ts';
import { type Entry, readEntry, type RowSettings } from './entry.ts';
import { soughtWith, type SuppressionField, suppressionFields } from './fields.ts';
import { formatOf } from './formats.ts';
import { optOut } from './opt-out.ts';

export interface ImportOptions {
  dryRun?: true;
  errors?: string;
  column?: ColumnOptions;
  reason?: SuppressionReason;
  scope?: Suppression['scope'];
  topic?: readonly string[];
}

/**
 * Imports the suppressions and unsubscribes of a CSV file, and prints a report. Throws NotDone when the file is unusable, when
 * none of its rows could be imported, or when more than half were refused; WrongUse for a column that it does not have.
 */
export async function importFile(context: CliContext, file: string, options: ImportOptions): Promise<void> {
  const table = await openTable(file, soughtWith(parseColumnOptions(suppressionFields, options.column ?? [])));
  const format = formatOf(table.columns.plain);
  // A file of hashes alone needs no secret.
  const open = table.columns.has('email') ? withSecretStore : withStore;
  const tally = await open(context.env, async (found) => {
    const errors = options.errors === undefined ? undefined : await openErrors(options.errors, file);
    const now = Date.now();
    const settings = { now, format, reason: options.reason, scope: options.scope, scopeOf: scopesOf(found.config) };
    return importRows(table, importingInto(found.store, settings, options), errors);
  });
  if (options.dryRun) context.print('Dry run: nothing was changed. An import would report:');
  for (const line of reportOf(file, format.name, tally, options.errors)) context.print(line);
  assertUsable(tally);
}

function scopesOf({ suppression }: OpenStore['config']): RowSettings['scopeOf'] {
  return (reason) => {
    if (reason === 'complaint') return suppression.complaints_stop;
    return reason === 'invalid_address' || reason === 'unsubscribed' ? 'marketing' : 'all';
  };
}

function importingInto(
  store: Store,
  settings: RowSettings,
  { dryRun, topic = [] }: ImportOptions,
): Importing<SuppressionField, Entry & { hash: string }> {
  const topics = topic.flatMap(topicsIn);
  const forecast = createForecast(store, dryRun ?? false);
  const suppress = dryRun
    ? drySuppress(store)
    : (hash: string, each: Suppression) => store.suppressions.add(hash, each);
  return {
    read(columns, cells) {
      const read = readEntry(columns, cells, settings);
      if (read === 'ignored' || 'refused' in read) return read;
      return { entry: { ...read, hash: 'hash' in read ? read.hash : store.addressHash(read.address) } };
    },
    keyOf: ({ hash }) => hash,
    async apply({ hash, suppression, isDated }) {
      if (suppression.reason !== 'unsubscribed') return { changed: await suppress(hash, suppression) };
      return optOut(store, { hash, suppression, isDated }, { forecast, dryRun: dryRun ?? false, topics, suppress });
    },
  };
}

/** Says what adding would do. It remembers what the file has said so far, as long as the file is. */
function drySuppress({ suppressions }: Store): (hash: string, suppression: Suppression) => Promise<boolean> {
  const said = new Map<string, Suppression[]>();
  return async (hash, more) => {
    const key = `${hash} ${more.reason}`;
    const known = said.get(key) ?? (await suppressions.of(hash)).filter(({ reason }) => reason === more.reason);
    const after = widen(known, more);
    said.set(key, after ?? known);
    return after !== undefined;
  };
}
