import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';

import { choosePorts } from '../../local/servers/ports.ts';
import { serverProcess } from '../../local/servers/server-process.ts';
import { serverUser } from '../../local/servers/server-user.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { programOf } from './installed.ts';

export interface PgBouncer {
  /** The same database through the pooler. */
  through(url: string): string;
  /** Whether it keeps track of prepared statements, as 1.21 and newer can. */
  prepares: boolean;
  stop(): Promise<void>;
}

/** PgBouncer in transaction mode before this server, with so few connections that clients have to share them. */
export async function startPgBouncer(
  serverUrl: string,
  { connections = 3, prepares = false } = {},
): Promise<PgBouncer> {
  const program = programOf('pgbouncer')!;
  const [major = 0, minor = 0] = /(\d+)\.(\d+)/
    .exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))!
    .slice(1)
    .map(Number);
  const canPrepare = major > 1 || minor >= 21;
  const folder = temporaryFolder('rivulet-pgbouncer-');
  chmodSync(folder, 0o711);
  const { port } = await choosePorts({ port: undefined }, 'free');
  const file = (name: string, lines: string[]) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`, { mode: 0o644 });
    return join(folder, name);
  };
  const users = ['postgres', 'rivulet_owner', 'rivulet_app', 'rivulet_reader'].map((name) => `"${name}" ""`);
  const settings = file('pgbouncer.ini', [
    '[databases]',
    `* = host=127.0.0.1 port=${new URL(serverUrl).port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${file('users.txt', users)}`,
    'pool_mode = transaction',
    `default_pool_size = ${connections}`,
    'max_client_conn = 500',
    'server_round_robin = 1', // the worst for prepared statements
    ...(canPrepare ? [`max_prepared_statements = ${prepares ? 100 : 0}`] : []),
  ]);
  const through = (url: string) => {
    const own = new URL(url);
    own.host = `127.0.0.1:${port}`;
    return own.href;
  };
  const server = serverProcess(
    {
      name: 'postgres',
      binary: program,
      args: [settings],
      user: serverUser(folder),
      cwd: folder,
      stopSignal: 'SIGINT',
      logFile: join(folder, 'pgbouncer.log'),
      healthy: () => answers(through(serverUrl)),
    },
    () => {},
  );
  await server.start();
  return {
    through,
    prepares: canPrepare && prepares,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query('SELECT 1')).rowCount === 1;
  } finally {
    await client.end().catch(() => {});
  }
}
