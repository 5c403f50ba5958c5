import type { Postgres } from '../store/postgres/connect.ts';

/** Bytes of one table, the sum over its partitions. */
export interface TableSize {
  heap: number;
  indexes: number;
}

export type Sizes = ReadonlyMap<string, TableSize>;

/** The heap with its TOAST table and maps, and all indexes: `pg_total_relation_size` in two parts. */
const sizes = {
  name: 'bench-table-sizes',
  text: `
    SELECT coalesce(parent.relname, child.relname) AS name,
      sum(pg_table_size(child.oid))::bigint AS heap, sum(pg_indexes_size(child.oid))::bigint AS indexes
    FROM pg_class AS child
    LEFT JOIN pg_inherits ON inhrelid = child.oid
    LEFT JOIN pg_class AS parent ON parent.oid = inhparent
    WHERE child.relkind = 'r' AND child.relnamespace = 'public'::regnamespace
    GROUP BY 1`,
};

const walPosition = { name: 'bench-wal', text: "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes" };

/** As written, dead row versions of updates included that Postgres has not reused. */
export async function readSizes(postgres: Postgres): Promise<Sizes> {
  const rows = await postgres.query<TableSize & { name: string }>(sizes);
  return new Map(rows.map(({ name, heap, indexes }) => [name, { heap, indexes }]));
}

/** Bytes of write-ahead log so far. */
export async function readWal(postgres: Postgres): Promise<number> {
  const [row] = await postgres.query<{ bytes: string }>(walPosition);
  return Number(row?.bytes);
}

/** Tables that have grown, with what they have grown by. */
export function grown(before: Sizes, after: Sizes): Map<string, TableSize> {
  const all = [...after].map(([name, { heap, indexes }]) => {
    const old = before.get(name) ?? { heap: 0, indexes: 0 };
    return [name, { heap: heap - old.heap, indexes: indexes - old.indexes }] as const;
  });
  return new Map(all.filter(([, { heap, indexes }]) => heap + indexes > 0));
}
