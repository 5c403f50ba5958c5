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
 * The lock is one of a transaction, on a connection of its own, so that PgBouncer in transaction mode does not lose it.
 */
export async function migrate(server: PostgresServer, keep: Retention): Promise<void> {
  const settings = { application_name: 'rivulet-migrate', connectionTimeoutMillis: 3_000, query_timeout: 120_000 };
  await withConnection(server, settings, async (lock) => {
    await lock.query('BEGIN');
    await lock.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await withConnection(server, { application_name: settings.application_name }, (dbClient) =>
      runner({
        dbClient,
        dir: migrationsFolder,
        direction: 'up',
        migrationsTable: 'migration',
        noLock: true,
        singleTransaction: true,
        log: () => {},
      }),
    );
    await lock.query('COMMIT');
  });
  await maintainRecord(server, keep);
}
