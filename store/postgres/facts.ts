import type { About, Fact, Facts } from '../facts.ts';
import type { Postgres, Queries } from './connect.ts';
import { toJsonb } from './json.ts';
import { statement } from './statement.ts';

const sql = {
  record: statement(import.meta.url, 'facts-record.sql'),
  ofPerson: statement(import.meta.url, 'facts-of-person.sql'),
  ofAddress: statement(import.meta.url, 'facts-of-address.sql'),
  lastOfPerson: statement(import.meta.url, 'facts-last-of-person.sql'),
  lastOfAddress: statement(import.meta.url, 'facts-last-of-address.sql'),
};

type Row = { [Field in keyof Fact]-?: Fact[Field] | null };

/** Appends facts, each once: inside the transaction of the state change that they are about. */
export async function recordFacts(queries: Queries, facts: readonly Fact[]): Promise<void> {
  if (facts.length > 0) await queries.query(sql.record, [toJsonb(facts)]);
}

export function createFacts(postgres: Postgres): Facts {
  return {
    record: (facts) => recordFacts(postgres, facts),
    async of(about, { limit, after = { at: 0, id: '' } }) {
      const [byPerson, whom] = whomOf(about);
      const values = [whom, new Date(after.at), after.id, limit];
      return (await postgres.query<Row>(byPerson ? sql.ofPerson : sql.ofAddress, values)).map(toFact);
    },
    async lastOf(about, limit) {
      const [byPerson, whom] = whomOf(about);
      const rows = await postgres.query<Row>(byPerson ? sql.lastOfPerson : sql.lastOfAddress, [whom, limit]);
      return rows.toReversed().map(toFact);
    },
  };
}

function whomOf(about: About): [byPerson: boolean, whom: string] {
  return 'user_id' in about ? [true, about.user_id] : [false, about.address_hash];
}

function toFact(row: Row): Fact {
  const fields = Object.entries(row).filter(([, value]) => value !== null);
  const { details, ...fact } = Object.fromEntries(fields) as unknown as Fact;
  return details !== undefined && Object.keys(details).length > 0 ? { ...fact, details } : fact;
}
