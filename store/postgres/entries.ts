import { createHash } from 'node:crypto';

import {
  type Decision,
  type Entries,
  type EntryRecord,
  factOf,
  type Holder,
  holderOf,
  keptFor,
  keptIn,
  mostEntries,
  type Place,
} from '../entries.ts';
import type { Postgres, Queries } from './connect.ts';
import { toJsonb } from './json.ts';
import { statement } from './statement.ts';

const sql = {
  decide: statement(import.meta.url, 'entries-decide.sql'),
  find: statement(import.meta.url, 'entries-find.sql'),
  lock: statement(import.meta.url, 'entries-lock.sql'),
  of: statement(import.meta.url, 'entries-of.sql'),
  enter: statement(import.meta.url, 'entries-enter.sql'),
  trim: statement(import.meta.url, 'entries-trim.sql'),
};

export function createEntries(postgres: Postgres): Entries {
  return {
    settle: (eventId, decision) => decide(postgres, eventId, decision),
    claim: (eventId, decision, place, gone) =>
      postgres.transaction((queries) => claim(queries, eventId, decision, place, gone)),
    find: async (eventId) => (await find(postgres, eventId)).decision,
  };
}

async function find(queries: Queries, eventId: string): Promise<{ recorded: boolean; decision?: Decision }> {
  const [row] = await queries.query<{ decision: Decision | null }>(sql.find, [eventId]);
  return { recorded: row !== undefined, ...(row?.decision && { decision: row.decision }) };
}

/** Only one of several attempts decides: the others wait for it and read what it decided. */
async function decide(queries: Queries, eventId: string, decision: Decision): Promise<Decision> {
  const fact = factOf(eventId, decision);
  const decided = await queries.query(sql.decide, [eventId, toJsonb(decision), fact ? toJsonb(fact) : null]);
  if (decided.length > 0) return decision;
  const { recorded, decision: before } = await find(queries, eventId);
  if (before) return before;
  throw new Error(`the event ${eventId} ${recorded ? 'could not be decided' : 'was never recorded'}`);
}

async function claim(
  queries: Queries,
  eventId: string,
  decision: Decision,
  place: Place,
  gone: string | undefined,
): Promise<Decision | { holder: Holder }> {
  const where = [decision.user_id, place.journey, hashOf(place.per)] as const;
  await queries.query(sql.lock, [JSON.stringify(where)]);
  const entries = await queries.query<EntryRecord>(sql.of, [...where, mostEntries]);
  const holder = holderOf(place, entries.toReversed(), eventId, gone);
  if (holder) return (await find(queries, eventId)).decision ?? { holder };

  const decided = await decide(queries, eventId, decision);
  if (decided !== decision) return decided; // by another attempt, meanwhile, under another setting
  const keptMs = keptFor(place);
  await queries.query(sql.enter, [...where, eventId, new Date(place.happenedAt), keptMs ?? null]);
  const atMost = keptIn(place);
  if (entries.length >= atMost) await queries.query(sql.trim, [...where, atMost]);
  return decided;
}

/** What is counted is the producer's, and as long as they like. */
function hashOf(per: string): string {
  return per === '' ? '' : createHash('sha256').update(per).digest('base64url');
}
