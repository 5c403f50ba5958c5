import { type Engagement, mostOfOneEmail, shortId } from '../engagement.ts';
import type { Postgres } from './connect.ts';
import { recordFacts } from './facts.ts';
import { statement } from './statement.ts';

const sql = {
  record: statement(import.meta.url, 'engagement-record.sql'),
  of: statement(import.meta.url, 'engagement-of.sql'),
  clicked: statement(import.meta.url, 'engagement-clicked.sql'),
};

export function createEngagement(postgres: Postgres): Engagement {
  return {
    record: (tag, { id, type, by, at }, facts = []) =>
      postgres.transaction(async (queries) => {
        const values = [tag, shortId(id), type, by, new Date(at), mostOfOneEmail];
        const isNew = (await queries.query(sql.record, values)).length > 0;
        if (isNew) await recordFacts(queries, facts);
        return isNew;
      }),
    async of(tag) {
      const rows = await postgres.query<{ kind: string; count: number; first: number }>(sql.of, [tag]);
      return Object.fromEntries(
        rows.flatMap(({ kind, count, first }) => [
          [kind, count],
          [`${kind}:first`, first],
        ]),
      );
    },
    clicked: async (tag) => (await postgres.query(sql.clicked, [tag])).length > 0,
  };
}
