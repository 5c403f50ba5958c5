import { randomUUID } from 'node:crypto';

import { type Stop, type StopFact, stopsOver } from '../stop-rules.ts';
import type { Stops } from '../stops.ts';
import type { Postgres, Queries } from './connect.ts';
import { statement } from './statement.ts';

const lock = statement(import.meta.url, 'stops-lock.sql');
const read = statement(import.meta.url, 'stops-read.sql');
const put = statement(import.meta.url, 'stops-put.sql');
const remove = statement(import.meta.url, 'stops-remove.sql');
const all = statement(import.meta.url, 'stops-all.sql');
const recordFacts = statement(import.meta.url, 'facts-record.sql');

/** Gates and pauses of the installation, by the database's clock. */
export function createStops(postgres: Postgres): Stops {
  return stopsOver({
    async change(name, rule) {
      // During an outage each of a hundred sends closes the same gate: only the one that changes something takes the lock.
      const seen = rule(...(await readStop(postgres, name)));
      if (seen.after === undefined) return seen.did;
      return postgres.transaction(async (queries) => {
        await queries.query(lock, [name]);
        const { did, after, fact } = rule(...(await readStop(queries, name)));
        if (after) await write(queries, after);
        if (after === null) await queries.query(remove, [name]);
        if (fact) await queries.query(recordFacts, [JSON.stringify([asRow(fact)])]);
        return did;
      });
    },
    all: async () => (await postgres.query<StopRow>(all)).map(stopOf),
  });
}

interface StopRow {
  name: string;
  since: number;
  gate: Stop['gate'] | null;
  probed_at: number | null;
}

async function readStop(queries: Queries, name: string): Promise<[Stop | undefined, number]> {
  const [row] = await queries.query<(StopRow | { since: null }) & { now: number }>(read, [name]);
  if (!row) throw new Error('Postgres returned no row for a stop');
  return [row.since === null ? undefined : stopOf(row), row.now];
}

function stopOf({ name, since, gate, probed_at }: StopRow): Stop {
  return { name, since, ...(gate && { gate }), ...(probed_at !== null && { probedAt: probed_at }) };
}

async function write(queries: Queries, { name, since, gate, probedAt }: Stop): Promise<void> {
  await queries.query(put, [
    name,
    new Date(since),
    gate ? JSON.stringify(gate) : null,
    probedAt === undefined ? null : new Date(probedAt),
  ]);
}

/** Each change is decided once, under the lock, so each fact is another one. */
function asRow(fact: StopFact): object {
  return { id: `stop/${randomUUID()}`, ...fact };
}
