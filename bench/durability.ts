import { readFileSync } from 'node:fs';

import { Connection } from '@temporalio/client';

import type { RunningServers } from '../local/servers/start-servers.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { connectRedis, redisReady } from '../store/redis/connect.ts';

export interface Durability {
  /** Of the Temporal server. */
  serverVersion: string;
  postgresVersion: string;
  lines: string[];
}

/** What each server does before it acknowledges: asked of the running servers, not of their command lines. */
export async function readDurability(servers: RunningServers): Promise<Durability> {
  const { temporal, nats, redis, postgres } = servers;
  const [server, jetStream, settings, record] = await Promise.all([
    askTemporal(temporal.address),
    fetch(`${nats.monitorUrl}/jsz?streams=true&config=true`).then((page) => page.json() as Promise<JetStreamPage>),
    askRedis(redis.adminUrl),
    askPostgres(postgres.url),
  ]);
  const args = readFileSync(`/proc/${temporal.pid}/cmdline`, 'utf8').split('\0');
  return {
    serverVersion: server.version,
    postgresVersion: record.server_version,
    lines: [
      `NATS: ${durabilityOfNats(jetStream)}`,
      `Postgres: ${durabilityOfPostgres(record)}`,
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

/** Names and values of `pg_settings`. */
export type PostgresSettings = Record<'server_version' | 'fsync' | 'synchronous_commit' | 'full_page_writes', string>;

export function durabilityOfPostgres({ fsync, synchronous_commit, full_page_writes }: PostgresSettings): string {
  return `fsync ${fsync}, synchronous_commit ${synchronous_commit}, full_page_writes ${full_page_writes}`;
}

const postgresSettings = {
  name: 'bench-settings',
  text: "SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes')",
};

async function askPostgres(url: string): Promise<PostgresSettings> {
  const postgres = connectPostgres({ url, connections: 1, name: 'bench' });
  try {
    const rows = await postgres.query<{ name: string; setting: string }>(postgresSettings);
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) as PostgresSettings;
  } finally {
    await postgres.close();
  }
}

export async function askRedis(url: string): Promise<string[]> {
  const redis = connectRedis({ url }, (error) => console.error(error));
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
