import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { findServers, type ServerBinaries } from '../local/servers/find.ts';
import { type RunningServers, startServers } from '../local/servers/start-servers.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';
import { connectPostgres, type Postgres } from '../store/postgres/connect.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { connectRedis, type Redis, redisReady } from '../store/redis/connect.ts';
import { root } from './processes.ts';
import { untilAnswered } from './until-answered.ts';

/** The servers without the product: for what is measured inside the bench's own process. */
export interface ServersAlone {
  binaries: ServerBinaries;
  servers: RunningServers;
  /** With the schema of the product. */
  postgres: Postgres;
  redis: Redis;
}

/** Months are kept this long: no partition is dropped during a bench. */
const keepMs = 60 * 86_400_000;

/** Starts them in a new folder, hands them to `use`, and takes them down again, whatever happens. */
export async function withServersAlone<T>(
  { durable }: { durable: boolean },
  interrupted: Promise<never>,
  use: (alone: ServersAlone) => Promise<T>,
): Promise<T> {
  const folder = temporaryFolder('rivulet-bench-');
  const binaries = await findServers({ root, log: console.error });
  const servers = await startServers({ dataDir: join(folder, 'data'), root, binaries, portPolicy: 'free', durable });
  const redis = connectRedis({ url: servers.redis.adminUrl }, (error) => console.error(error));
  const postgres = connectPostgres({
    url: servers.postgres.url,
    name: 'bench',
    onError: ({ message }) => console.error(`Postgres: ${message}`),
  });
  try {
    await redisReady(redis);
    await untilAnswered(() => migrate({ url: servers.postgres.url }, { sendsMs: keepMs, eventsMs: keepMs }));
    return await Promise.race([use({ binaries, servers, postgres, redis }), interrupted]);
  } finally {
    redis.disconnect();
    await postgres.close();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
