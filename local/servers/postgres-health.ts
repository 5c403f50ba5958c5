import { Client } from 'pg';

/** Runs `use` on a connection to a Postgres on this machine, as its superuser. */
async function withPostgres<T>(port: number, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  });
  client.on('error', () => {}); // A server that ends is reported by the query.
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether the Postgres on this port answers queries and is the process `pid`: another one may have taken the port. */
export function isServedBy(port: number, pid: number): Promise<boolean> {
  return withPostgres(port, async (client) => {
    const { rows } = await client.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`);
    return Number(rows[0]?.file.split('\n')[0]) === pid;
  });
}

/** Creates the database unless it exists. A standby server gets it from its primary. */
export function createDatabase(port: number, name: string): Promise<void> {
  return withPostgres(port, async (client) => {
    const { rows } = await client.query<{ missing: boolean }>(
      'SELECT NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS missing',
      [name],
    );
    if (rows[0]?.missing) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}
