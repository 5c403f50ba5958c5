import {
  isLifted,
  liftedFact,
  reasonAgainst,
  type StoredSuppression,
  suppressedFact,
  type Suppression,
  type SuppressionReason,
  type Suppressions,
  withSuppression,
} from '../suppressions.ts';
import type { Postgres, Queries } from './connect.ts';
import { recordFacts } from './facts.ts';
import { pagesOf } from './pages.ts';
import { statement } from './statement.ts';

const sql = {
  lock: statement(import.meta.url, 'suppressions-lock.sql'),
  of: statement(import.meta.url, 'suppressions-of.sql'),
  liftsOf: statement(import.meta.url, 'suppressions-lifts-of.sql'),
  write: statement(import.meta.url, 'suppressions-write.sql'),
  lift: statement(import.meta.url, 'suppressions-lift.sql'),
  page: statement(import.meta.url, 'suppressions-page.sql'),
  snapshots: statement(import.meta.url, 'suppressions-snapshots.sql'),
};

type SuppressionRow = Omit<StoredSuppression, 'until'> & { until: number | null };

/** The suppressions of an address, and the version that they make: of two snapshots the higher one is the newer. */
export interface SuppressionSnapshot {
  addressHash: string;
  version: number;
  suppressions: Suppression[];
}

export interface PostgresSuppressions extends Suppressions {
  /** Reads several addresses at once. One that was never suppressed has no snapshot. */
  snapshots(addressHashes: readonly string[]): Promise<SuppressionSnapshot[]>;
}

export function createSuppressions(postgres: Postgres): PostgresSuppressions {
  return {
    async add(hash, more, cause) {
      // Most of what the provider's list brings is known: that takes one reading.
      if (!withSuppression((await read(postgres, hash)).map(stored), more)) return false;
      return postgres.transaction(async (queries) => {
        await queries.query(sql.lock, [hash]);
        if (more.source === 'provider' && isLifted(await liftsOf(queries, hash), more)) return false;
        const after = withSuppression((await read(queries, hash)).map(stored), more);
        if (!after) return false;
        const version = await write(queries, hash, more.reason, after);
        await recordFacts(queries, [suppressedFact(hash, version, more, cause)]);
        return true;
      });
    },
    async lift(hash, reason, source) {
      if ((await read(postgres, hash)).length === 0) return [];
      return postgres.transaction(async (queries) => {
        await queries.query(sql.lock, [hash]);
        const lifted = await queries.query<{ reason: SuppressionReason; version: number; at: number }>(sql.lift, [
          hash,
          reason ?? null,
        ]);
        const facts = lifted.map((each) => liftedFact(hash, each.version, each.reason, each.at, source));
        await recordFacts(queries, facts);
        return lifted.map((each) => each.reason);
      });
    },
    of: async (hash) => (await read(postgres, hash)).map(suppressionOf),
    async reasonFor(hash, email) {
      const rows = await read(postgres, hash);
      return reasonAgainst(rows.map(suppressionOf), email, rows[0]?.now);
    },
    all: () => pagesOf(postgres, sql.page),
    async snapshots(hashes) {
      type Row = { hash: string; version: number } & (SuppressionRow | { reason: null });
      const found = new Map<string, SuppressionSnapshot>();
      for (const row of await postgres.query<Row>(sql.snapshots, [hashes])) {
        const { hash: addressHash, version } = row;
        const snapshot = found.get(addressHash) ?? { addressHash, version, suppressions: [] };
        if (row.reason !== null) snapshot.suppressions.push(suppressionOf(row));
        found.set(addressHash, snapshot);
      }
      return [...found.values()];
    },
  };
}

function read(queries: Queries, hash: string): Promise<(SuppressionRow & { now: number })[]> {
  return queries.query(sql.of, [hash]);
}

function liftsOf(queries: Queries, hash: string): Promise<{ reason: string | null; at: number }[]> {
  return queries.query(sql.liftsOf, [hash]);
}

async function write(
  queries: Queries,
  hash: string,
  reason: SuppressionReason,
  suppressions: readonly StoredSuppression[],
): Promise<number> {
  const rows = suppressions.map(({ scope, since, until, source, to_report }) => ({
    scope,
    since: new Date(since),
    until: until === undefined ? null : new Date(until),
    source,
    to_report,
  }));
  const [address] = await queries.query<{ version: number }>(sql.write, [hash, reason, JSON.stringify(rows)]);
  if (!address) throw new Error('the address that was locked is gone');
  return address.version;
}

function suppressionOf({ reason, scope, since, until, source }: SuppressionRow): Suppression {
  return { reason, scope, since, ...(until !== null && { until }), source };
}

function stored(row: SuppressionRow): StoredSuppression {
  return { ...suppressionOf(row), to_report: row.to_report };
}
