import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findServers, type ServerBinaries } from '../local/servers/find.ts';
import { type RunningServers, startServers } from '../local/servers/start-servers.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { root } from './processes.ts';

/** The servers without the product: for what is measured inside the bench's own process. */
export interface ServersAlone {
  binaries: ServerBinaries;
  servers: RunningServers;
  redis: Redis;
}

/** Starts them in a new folder, hands them to `use`, and takes them down again, whatever happens. */
export async function withServersAlone<T>(
  { durable }: { durable: boolean },
  interrupted: Promise<never>,
  use: (alone: ServersAlone) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  const binaries = await findServers({ root, log: console.error });
  const servers = await startServers({ dataDir: join(folder, 'data'), root, binaries, portPolicy: 'free', durable });
  const redis = connectRedis(servers.redis.url, (error) => console.error(error));
  try {
    await redisReady(redis);
    return await Promise.race([use({ binaries, servers, redis }), interrupted]);
  } finally {
    redis.disconnect();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
