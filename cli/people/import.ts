import { takeOverOptOuts } from '../../store/address-opt-outs.ts';
import type { Store } from '../../store/store.ts';
import type { CliContext } from '../context.ts';
import { type ColumnOptions, parseColumnOptions } from '../imports/columns.ts';
import { openErrors } from '../imports/errors-file.ts';
import { createForecast } from '../imports/forecast.ts';
import { type Importing, importRows } from '../imports/import-rows.ts';
import { openTable } from '../imports/read-rows.ts';
import { assertUsable, reportOf } from '../imports/tally.ts';
import { topicsIn } from '../imports/topics.ts';
import { withSecretStore } from '../store.ts';
import { type Entry, readEntry, type RowSettings } from './entry.ts';
import { type PersonField, personFields, soughtWith } from './fields.ts';

export interface ImportOptions {
  dryRun?: true;
  errors?: string;
  column?: ColumnOptions;
  topic?: readonly string[];
  source?: string;
  /** Unix ms. */
  time?: number;
}

/**
 * Imports the contacts and consents of a CSV file, and prints a report. Throws NotDone when the file is unusable, when none of its
 * rows could be imported, or when more than half were refused; WrongUse for a column that it does not have.
 */
export async function importPeople(context: CliContext, file: string, options: ImportOptions): Promise<void> {
  const table = await openTable(file, soughtWith(parseColumnOptions(personFields, options.column ?? [])));
  const { topic = [], source = 'import', time } = options;
  const topics = topic.flatMap(topicsIn);
  const tally = await withSecretStore(context.env, async ({ store }) => {
    const errors = options.errors === undefined ? undefined : await openErrors(options.errors, file);
    const settings = { now: Date.now(), topics, source, time };
    return importRows(table, importingInto(store, settings, options.dryRun ?? false), errors);
  });
  if (options.dryRun) context.print('Dry run: nothing was changed. An import would report:');
  for (const line of reportOf(file, 'people', tally, options.errors)) context.print(line);
  assertUsable(tally);
}

function importingInto(store: Store, settings: RowSettings, dryRun: boolean): Importing<PersonField, Entry> {
  const forecast = createForecast(store, dryRun);
  return {
    read: (columns, cells) => readEntry(columns, cells, settings),
    keyOf: ({ user }) => user,
    async apply({ user, contact, at, statement }) {
      const changed = await forecast.changes(user, { contact, at, statement });
      if (!dryRun) {
        if (contact.email !== undefined) await takeOverOptOuts(store, user, contact.email, at);
        await store.contacts.record(user, contact, at);
        const named = contact.email === undefined ? {} : { address: store.addressHash(contact.email) };
        if (statement) await store.consents.record(user, { ...statement, ...named });
      }
      return { changed };
    },
  };
}
