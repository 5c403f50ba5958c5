import { withConnection } from './connection.ts';
import { keepPartitions, type Retention } from './partitions.ts';
import type { PostgresServer } from './settings.ts';

/**
 * What the record needs from time to time: partitions of the months to come, and none of months that are over. Called at start
 * and once an hour by every worker; a call that finds nothing to do takes no lock. Rejects when a busy table could not be
 * locked in time, or when Postgres is unavailable: the next hour tries again, and partitions are created months ahead.
 */
export function maintainRecord(server: PostgresServer, retention: Retention): Promise<void> {
  const settings = { application_name: 'rivulet-maintenance', connectionTimeoutMillis: 3_000, query_timeout: 60_000 };
  return withConnection(server, settings, (client) => keepPartitions(client, retention));
}
