import { parseRedisUrl, type RedisAddress } from '../../config/redis-url.ts';
import { primariesOf, type Redis } from './connect.ts';
import type { RedisServer } from './settings.ts';

/** The servers behind REDIS_URL. */
export interface Topology {
  kind: RedisAddress['kind'];
  primaries: number;
  /** Replicas that are connected to a primary. */
  replicas: number;
  /** `ok`, or `cluster_state` of a Cluster. */
  state: string;
  /** The policy by which Redis evicts keys when its memory is full; undefined if it evicts none. */
  evicts?: string;
}

export async function readTopology(redis: Redis, { url }: RedisServer): Promise<Topology> {
  const { kind } = parseRedisUrl(url);
  const primaries = primariesOf(redis);
  const all = await Promise.all(
    primaries.map(async (server) => `${await server.info('replication')}${await server.info('memory')}`),
  );
  const state = kind === 'cluster' ? (fieldIn(await redis.cluster('INFO'), 'cluster_state') ?? 'unknown') : 'ok';
  const limited = all.find((info) => Number(fieldIn(info, 'maxmemory')) > 0);
  const policy = limited === undefined ? 'noeviction' : fieldIn(limited, 'maxmemory_policy');
  return {
    kind,
    primaries: primaries.length,
    replicas: all.reduce((sum, info) => sum + Number(fieldIn(info, 'connected_slaves') ?? 0), 0),
    state,
    ...(policy !== undefined && policy !== 'noeviction' && { evicts: policy }),
  };
}

const fieldIn = (info: string, name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1];
