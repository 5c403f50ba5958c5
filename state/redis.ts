import { once } from 'node:events';

import { Redis } from 'ioredis';

export type { Redis } from 'ioredis';

/**
 * Connects to Redis and keeps trying for ever. A command fails at once while Redis is away: whoever called knows what to
 * do then (an activity is retried, an ingress stops pulling), and nobody hangs.
 */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    // A command whose reply was lost is not sent again behind our back; every caller repeats safely by itself.
    autoResendUnfulfilledCommands: false,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    // After a failover the old primary may still answer, as a replica that takes no writes: look for the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  });
  redis.on('error', onError);
  return redis;
}

/** Resolves when Redis answers. */
export async function redisReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready');
}

/** Rejects with Redis's own words when it answers but takes no writes: full, or a replica. */
export async function redisTakesWrites(redis: Redis, keyPrefix: string): Promise<void> {
  await redis.set(`${keyPrefix}ready`, '1', 'PX', 1_000);
}

/** What one script call takes: its keys, then its arguments. */
export type Script<Reply> = (keys: string[], args: Argument[]) => Promise<Reply>;

type Argument = string | number | Buffer;

/** For scripts: `now` by Redis's own clock, the only one that all processes share, in microseconds. */
export const clockLua = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`;

/**
 * A full Redis refuses the first writing of a script if it could take memory, and no later one, since it cannot stop in
 * the middle. So how a script begins decides: by a writing that takes none, or by one that could. Neither changes anything.
 * (The flag `allow-oom` says the first too, but Redis 6 does not know it.)
 */
const beginnings = {
  goOn: `redis.call('UNLINK', KEYS[1] .. '/nothing')`,
  refuse: `redis.call('SETRANGE', KEYS[1] .. '/nothing', 0, '')`,
};

/**
 * A Lua script that Redis runs as one step. It is loaded once and called by its hash; a Redis that has forgotten it
 * (restarted, SCRIPT FLUSH) gets it again. `whenFull`: what it does when Redis is at its memory limit.
 */
export function defineScript<Reply>(
  redis: Redis,
  name: string,
  numberOfKeys: number,
  lua: string,
  whenFull: keyof typeof beginnings = 'refuse',
): Script<Reply> {
  redis.defineCommand(name, { numberOfKeys, lua: `${beginnings[whenFull]}\n${lua}` });
  const call = (redis as unknown as Record<string, (...args: Argument[]) => Promise<Reply>>)[name];
  if (!call) throw new Error(`ioredis did not define the script ${name}`);
  return (keys, args) => call.apply(redis, [...keys, ...args]);
}
