import { mkdirSync } from 'node:fs';

import { choosePorts } from '../local/servers/ports.ts';
import { redis } from '../local/servers/redis.ts';
import { serverProcess } from '../local/servers/server-process.ts';

/** A Redis of its own for BullMQ, with an append-only file: to BullMQ it is the record of its jobs. */
export async function startQueueRedis(
  binary: string,
  dataDir: string,
): Promise<{ url: string; pid: number; stop: () => Promise<void> }> {
  mkdirSync(dataDir, { recursive: true });
  const { queue: port } = await choosePorts({ queue: undefined }, 'free');
  const recipe = redis({ binary, dataDir, port });
  const args = [...recipe.args, '--appendonly', 'yes', '--appendfsync', 'everysec'];
  const server = serverProcess({ ...recipe, args }, ({ lastLines }) =>
    console.error(`The Redis of BullMQ ended by itself:\n${lastLines.join('\n')}`),
  );
  await server.start();
  return { url: `redis://127.0.0.1:${port}`, pid: server.pid, stop: () => server.stop() };
}
