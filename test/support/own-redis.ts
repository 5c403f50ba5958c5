import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';

import { findServers } from '../../local/servers/find.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { redis as redisRecipe } from '../../local/servers/redis.ts';
import { type Server, serverProcess } from '../../local/servers/server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A Redis of a file's own, for tests that change its settings. Filled in before its first test. */
export interface OwnRedis {
  folder: string;
  server: Server;
  url: string;
  redis: Redis;
  /** While `use` runs, it is a replica of a primary that does not exist. */
  asReplica(use: () => Promise<void>): Promise<void>;
  /** A connection of a user with these rules. */
  connectAs(username: string, ...rules: string[]): Promise<Redis>;
}

export function ownRedis(): OwnRedis {
  const own = {
    async asReplica(use: () => Promise<void>) {
      await own.redis.call('REPLICAOF', '127.0.0.1', '1');
      try {
        await use();
      } finally {
        await own.redis.call('REPLICAOF', 'NO', 'ONE');
      }
    },
    async connectAs(username: string, ...rules: string[]) {
      await own.redis.call('ACL', 'SETUSER', username, 'on', '>geheim', '~*', '&*', '+@all', ...rules);
      // Asking INFO whether Redis is ready would be the first thing that is refused.
      return new Redis(own.url, { username, password: 'geheim', enableReadyCheck: false });
    },
  } as OwnRedis;
  beforeAll(async () => {
    own.folder = mkdtempSync(join(tmpdir(), 'rivulet-redis-'));
    const { redis: binary } = await findServers({ root });
    const { port } = await choosePorts({ port: undefined }, 'free');
    own.server = serverProcess(redisRecipe({ binary, dataDir: own.folder, port }), () => {});
    await own.server.start();
    own.url = `redis://127.0.0.1:${port}`;
    own.redis = new Redis(own.url);
    own.redis.on('error', () => {}); // tests stop the server; the connection finds it again
  }, 120_000);
  afterAll(async () => {
    own.redis.disconnect();
    await own.server.stop();
    rmSync(own.folder, { recursive: true, force: true });
  }, 30_000);
  return own;
}
