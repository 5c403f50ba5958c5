import type { Postgres } from '../store/postgres/connect.ts';
import type { Statement } from '../store/postgres/statement.ts';

/** Counts what is asked of Postgres, by statement: BEGIN and COMMIT of a transaction are two more, under `transaction`. */
export function countStatements(postgres: Postgres): { postgres: Postgres; counted: () => Map<string, number> } {
  let counts = new Map<string, number>();
  const add = (name: string, times = 1) => counts.set(name, (counts.get(name) ?? 0) + times);
  const counting = ({ name }: Statement) => add(name);
  return {
    postgres: {
      ...postgres,
      query(statement, values) {
        counting(statement);
        return postgres.query(statement, values);
      },
      transaction(work) {
        add('transaction', 2);
        return postgres.transaction((queries) =>
          work({
            query(statement, values) {
              counting(statement);
              return queries.query(statement, values);
            },
          }),
        );
      },
    },
    /** Returns the counts since the last call. */
    counted() {
      const found = counts;
      counts = new Map();
      return found;
    },
  };
}
