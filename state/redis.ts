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
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  });
  redis.on('error', onError);
  return redis;
}

/** Resolves when Redis answers. */
export async function redisReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready');
}

/** What one script call takes: its keys, then its arguments. */
export type Script<Reply> = (keys: string[], args: (string | number)[]) => Promise<Reply>;

/**
 * A Lua script that Redis runs as one step. It is loaded once and called by its hash; a Redis that has forgotten it
 * (restarted, SCRIPT FLUSH) gets it again.
 */
export function defineScript<Reply>(redis: Redis, name: string, numberOfKeys: number, lua: string): Script<Reply> {
  redis.defineCommand(name, { numberOfKeys, lua });
  const call = (redis as unknown as Record<string, (...args: (string | number)[]) => Promise<Reply>>)[name];
  if (!call) throw new Error(`ioredis did not define the script ${name}`);
  return (keys, args) => call.apply(redis, [...keys, ...args]);
}
