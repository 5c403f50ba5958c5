import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { findServers } from '../../local/servers/find.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { database, postgres } from '../../local/servers/postgres.ts';
import { type Server, serverProcess } from '../../local/servers/server-process.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A Postgres that belongs to one test file. */
export interface OwnPostgres {
  url: string;
  port: number;
  /** What `prepare` has filled. */
  dataDir: string;
  server: Server;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

export interface OwnPostgresOptions {
  durable?: boolean;
  settings?: Record<string, string> | ((dataDir: string) => Record<string, string>);
  /** Fills the folder of the servers' data before the first start; without it, a new cluster is created there. */
  prepare?: (dataDir: string) => Promise<void>;
}

export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const { durable = false, settings = {}, prepare } = options;
  const dataDir = temporaryFolder('rivulet-postgres-');
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  try {
    await prepare?.(dataDir);
    const { postgres: binary } = await findServers({ root, dataDir, names: ['postgres'] });
    const { port } = await choosePorts({ port: undefined }, 'free');
    const own = typeof settings === 'function' ? settings(dataDir) : settings;
    const server = serverProcess(await postgres({ binary, dataDir, port, durable, root, settings: own }), () => {});
    await server.start();
    const stop = async () => {
      await server.stop();
      remove();
    };
    return { url: `postgres://postgres@127.0.0.1:${port}/${database}`, port, dataDir, server, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
