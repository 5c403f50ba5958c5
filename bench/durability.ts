import { readFileSync } from 'node:fs';

import { Connection } from '@temporalio/client';

import type { RunningServers } from '../local/servers/start-servers.ts';
import { connectRedis, redisReady } from '../state/redis.ts';

/** What each server does before it says that something is kept: asked of those that run, not of what they were started with. */
export async function readDurability(servers: RunningServers): Promise<{ serverVersion: string; lines: string[] }> {
  const { temporal, nats, redis } = servers;
  const [server, jetStream, settings] = await Promise.all([
    askTemporal(temporal.address),
    fetch(`${nats.monitorUrl}/jsz?streams=true&config=true`).then((page) => page.json() as Promise<JetStreamPage>),
    askRedis(redis.url),
  ]);
  const args = readFileSync(`/proc/${temporal.pid}/cmdline`, 'utf8').split('\0');
  return {
    serverVersion: server.version,
    lines: [
      `NATS: ${durabilityOfNats(jetStream)}`,
      `Redis: ${durabilityOfRedis(settings)}`,
      `Temporal: ${durabilityOfTemporal(args, server.shards)}`,
    ],
  };
}

/** Of /jsz. Nanoseconds. */
export interface JetStreamPage {
  config?: { sync_interval?: number; sync_always?: boolean };
  account_details?: { stream_detail?: { config?: { storage?: string; num_replicas?: number } }[] }[];
}

export function durabilityOfNats({ config = {}, account_details: accounts = [] }: JetStreamPage): string {
  const { sync_interval: interval = 0, sync_always: always = false } = config;
  const sync = always ? 'fsync before each acknowledgement' : `fsync every ${interval / 1e9} s`;
  const streams = accounts.flatMap(({ stream_detail: details = [] }) => details.map((stream) => stream.config ?? {}));
  const kinds = streams.map(({ storage, num_replicas: replicas }) => `${storage} storage, ${replicas} replica(s)`);
  return [...new Set(kinds.length > 0 ? kinds : ['no stream']), sync].join(', ');
}

/** `settings`: names and values in turn, as CONFIG GET answers. */
export function durabilityOfRedis(settings: readonly string[]): string {
  const value = (name: string) => settings[settings.indexOf(name) + 1];
  return value('appendonly') === 'yes'
    ? `append-only file, appendfsync ${value('appendfsync')}`
    : 'no append-only file';
}

export function durabilityOfTemporal(args: readonly string[], shards: number): string {
  const pragmas = args.flatMap((arg, index) => (args[index - 1] === '--sqlite-pragma' ? [arg] : []));
  return ['dev server', 'SQLite file', ...pragmas, `${shards} history shard(s)`].join(', ');
}

export async function askRedis(url: string): Promise<string[]> {
  const redis = connectRedis(url, (error) => console.error(error));
  try {
    await redisReady(redis);
    return await redis.config('GET', 'append*');
  } finally {
    redis.disconnect();
  }
}

/** Over a connection of its own: what the bench asks over its own one is counted. */
async function askTemporal(address: string): Promise<{ version: string; shards: number }> {
  const connection = await Connection.connect({ address });
  try {
    const { serverVersion, historyShardCount } = await connection.workflowService.getClusterInfo({});
    return { version: serverVersion ?? '', shards: historyShardCount ?? NaN };
  } finally {
    await connection.close();
  }
}
