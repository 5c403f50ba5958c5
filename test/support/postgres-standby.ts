import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';

import { copyCluster } from './copy-cluster.ts';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.ts';

/** Also the name of its replication slot. */
const standbyName = 'standby';

/** A synchronous standby of a Postgres: a commit on the primary returns once the standby has it too. */
export interface Standby {
  /** For queries that read, and after `promote` for all. */
  url: string;
  server: OwnPostgres['server'];
  /** Makes it the primary. Kill the old one first: nothing keeps two primaries apart. */
  promote(): Promise<void>;
  /** Stops it, and lets the primary commit without it. */
  stop(): Promise<void>;
}

/**
 * Starts a streaming standby of a running test Postgres. The copy is made with the low-level backup functions, because
 * the fetched Postgres has no `pg_basebackup`. Sessions that began before are synchronous as well.
 */
export async function startStandby(primaryUrl: string): Promise<Standby> {
  await withClient(primaryUrl, (primary) =>
    primary.query('SELECT pg_create_physical_replication_slot($1, true)', [standbyName]),
  );
  const { hostname, port } = new URL(primaryUrl);
  const own = await startOwnPostgres({
    settings: {
      primary_conninfo: `host=${hostname} port=${port} user=postgres application_name=${standbyName}`,
      primary_slot_name: standbyName,
    },
    prepare: (dataDir) => withClient(primaryUrl, (primary) => backUp(primary, join(dataDir, 'postgres'))),
  });
  await withClient(primaryUrl, async (primary) => {
    await setSynchronous(primary, standbyName);
    await untilSynchronous(primary);
  });
  return {
    url: own.url,
    server: own.server,
    promote: () => withClient(own.url, promote),
    async stop() {
      await own.stop();
      // The primary may be dead: it was killed for the test.
      await withClient(primaryUrl, letGo).catch(() => {});
    },
  };
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // A server that ends is reported by the query.
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Copies the primary's data folder while it runs, with the label that tells the standby where to begin. */
async function backUp(primary: Client, data: string): Promise<void> {
  const { rows } = await primary.query<{ data_directory: string }>('SHOW data_directory');
  const source = rows[0]!.data_directory;
  const { uid, gid } = statSync(source);
  await primary.query(`SELECT pg_backup_start('standby', true)`);
  await copyCluster(source, data, { uid, gid });
  const stopped = await primary.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
  for (const [name, text] of [
    ['backup_label', stopped.rows[0]!.labelfile],
    ['standby.signal', ''],
  ] as const) {
    writeFileSync(join(data, name), text);
    chownSync(join(data, name), uid, gid);
  }
}

async function setSynchronous(primary: Client, names: string): Promise<void> {
  await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await primary.query('SELECT pg_reload_conf()');
}

async function untilSynchronous(primary: Client): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
    const { rows } = await primary.query<{ application_name: string }>(
      `SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'`,
    );
    if (rows[0]?.application_name === standbyName) return;
    if (Date.now() > deadline) throw new Error('the standby has not become synchronous within 20 s');
  }
}

async function promote(standby: Client): Promise<void> {
  const { rows } = await standby.query<{ pg_promote: boolean }>('SELECT pg_promote(true, 30)');
  if (!rows[0]?.pg_promote) throw new Error('the standby was not promoted within 30 s');
  // A primary without standbys: it has inherited the setting, and would wait for itself.
  await setSynchronous(standby, '');
}

async function letGo(primary: Client): Promise<void> {
  await setSynchronous(primary, '');
  await primary.query('SELECT pg_drop_replication_slot($1)', [standbyName]);
}
