import type { DeadLetters } from '../dead-letters.ts';
import type { Postgres } from './connect.ts';
import { statement } from './statement.ts';

const sql = {
  find: statement(import.meta.url, 'dead-letters-find.sql'),
  mark: statement(import.meta.url, 'dead-letters-mark.sql'),
};

export function createDeadLetters(postgres: Postgres): DeadLetters {
  return {
    isWritten: async (id) => (await postgres.query(sql.find, [id])).length > 0,
    markWritten: async (id) => {
      await postgres.query(sql.mark, [id]);
    },
  };
}
