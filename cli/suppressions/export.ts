import { createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { stringify } from 'csv-stringify';

import { fewAtOnce } from '../../store/few-at-once.ts';
import type { Store } from '../../store/store.ts';
import type { CliContext } from '../context.ts';
import { withStore } from '../store.ts';
import { NotDone } from '../wrong-use.ts';

const columns = ['address_hash', 'reason', 'scope', 'since', 'until', 'source', 'user_ids'];

/** Writes the whole list as CSV, to a file or to standard output. It can be imported again. */
export async function exportTo({ env }: CliContext, file: string | undefined): Promise<void> {
  await withStore(env, async ({ store }) => {
    const lines = Readable.from(rowsOf(store));
    const csv = stringify({ header: true, columns });
    try {
      // Standard output stays open for whoever comes after.
      if (file === undefined) await pipeline(lines, csv, process.stdout as Writable, { end: false });
      else await pipeline(lines, csv, createWriteStream(file, { mode: 0o600 }));
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return; // whoever read it has read enough
      if (path !== undefined) throw new NotDone(`${file} cannot be written: ${(error as Error).message}`);
      throw error;
    }
    process.stderr.write(
      'The list holds no addresses, only their hashes under RIVULET_SECRET: it outlives the people on it. user_ids says who has the address now.\n',
    );
  });
}

async function* rowsOf({ suppressions, contacts }: Store): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  for await (const page of suppressions.all()) {
    const fresh = page.filter((hash) => !seen.has(hash) && seen.add(hash));
    const found = await fewAtOnce(fresh, async (hash) => ({
      hash,
      all: await suppressions.of(hash),
      people: await contacts.peopleAt(hash),
    }));
    for (const { hash, all, people } of found) {
      for (const { reason, scope, since, until, source } of all) {
        yield [
          hash,
          reason,
          scope,
          iso(since),
          until === undefined ? '' : iso(until),
          source,
          people.toSorted().join(' '),
        ];
      }
    }
  }
}

const iso = (at: number) => new Date(at).toISOString();
