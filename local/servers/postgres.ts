import { join } from 'node:path';
import { postgresData } from './postgres-data.ts';
import { createDatabase, isServedBy } from './postgres-health.ts';
import { postgresProgram } from './postgres-program.ts';
import type { ServerRecipe } from './server-process.ts';
import { serverUser } from './server-user.ts';

/** Name of the database that the product uses. */
export const database = 'rivulet';

export interface PostgresOptions {
  binary: string;
  dataDir: string;
  port: number;
  durable: boolean;
  /** The project's folder: when this process is root, Postgres runs as the owner of it, or as `nobody`. */
  root?: string | undefined;
  /** Further settings, such as those of a standby server. */
  settings?: Record<string, string>;
  log?: ((line: string) => void) | undefined;
}

/** Postgres with a database for the product. The data folder is created here, when there is none. */
export async function postgres(options: PostgresOptions): Promise<ServerRecipe> {
  const { binary, dataDir, port, durable, root, log = () => {} } = options;
  const user = serverUser(join(dataDir, 'postgres'), dataDir, ...(root === undefined ? [] : [root]));
  const { postgres: program, initdb, env } = await postgresProgram(binary, user, log);
  const data = await postgresData({ dataDir, durable, user, initdb, env: { PATH: process.env['PATH'], ...env }, log });
  return {
    name: 'postgres',
    binary: program,
    args: ['-D', data, ...Object.entries(settingsOf(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env,
    user,
    cwd: data,
    logFile: join(dataDir, 'postgres.log'),
    // SIGTERM would wait for every client to leave by itself.
    stopSignal: 'SIGINT',
    // After kill -9 the server's own children take a moment to notice, and hold its shared memory until then.
    startsAgainAfter: /shared memory block .* is still in use|lock file "postmaster\.pid" already exists/,
    healthy: (pid) => isServedBy(port, pid),
    afterStart: () => createDatabase(port, database),
  };
}

function settingsOf({ port, durable, settings }: PostgresOptions): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    // With synchronous_commit off, a process that is killed would take acknowledged commits with it.
    ...(!durable && { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
}
