import { parseRedisUrl, type RedisAddress } from '../../config/redis-url.ts';
import { primariesOf, type Redis } from './connect.ts';
import type { RedisServer } from './settings.ts';

/** The servers behind REDIS_URL. */
export interface Topology {
  kind: RedisAddress['kind'];
  primaries: number;
  /** That follow a primary now. */
  replicas: number;
  /** `ok`, or what a Cluster says about itself. */
  state: string;
  /** The policy by which Redis drops keys when its memory is full; undefined when it drops none. */
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
