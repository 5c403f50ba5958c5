import { runner } from 'node-pg-migrate';

import { withConnection } from './connection.ts';
import { maintainRecord } from './maintenance.ts';
import { migrationLock } from './migration-lock.ts';
import { migrationsFolder } from './pending-migrations.ts';
import type { Retention } from './partitions.ts';
import type { PostgresServer } from './settings.ts';

/**
 * Brings the schema up to date and creates the partitions of the months to come. Any number of processes may call it at
 * once: one works, the others wait. Throws when the schema is newer than this version knows.
 *
 * One connection and one transaction for the lock and the migrations: so PgBouncer in transaction mode does not lose the lock, and
 * processes that wait for it do not keep the one that has it from a second connection. The runner begins a transaction in ours,
 * which Postgres ignores, and its commit ends both.
 */
export async function migrate(server: PostgresServer, keep: Retention): Promise<void> {
  const settings = { application_name: 'rivulet-migrate', connectionTimeoutMillis: 3_000, query_timeout: 120_000 };
  await withConnection(server, settings, async (dbClient) => {
    await dbClient.query('BEGIN');
    await dbClient.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await runner({
      dbClient,
      dir: migrationsFolder,
      direction: 'up',
      migrationsTable: 'migration',
      noLock: true,
      singleTransaction: true,
      log: () => {},
    });
    await dbClient.query('COMMIT');
  });
  await maintainRecord(server, keep);
}
