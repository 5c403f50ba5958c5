import { Redis } from 'ioredis';

export type { Redis } from 'ioredis';

/** How long a command may take, in ms: longer means that Redis is unavailable. */
const commandMs = 2_000;

/**
 * Connects to Redis and keeps trying. While Redis is unavailable a command fails immediately: its caller knows what to do
 * then (an activity is retried), and nothing hangs.
 */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  let leaving = false;
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    // A command whose reply was lost is not sent again behind our back; every caller repeats safely by itself.
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandMs,
    connectTimeout: commandMs,
    // A server that vanished without closing its connections would hold them for a quarter of an hour.
    socketTimeout: 2 * commandMs,
    // Once for all commands that were under way.
    reconnectOnError: (error) => !leaving && (leaving = isElsewhere(error)),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  });
  redis.on('error', onError);
  redis.on('close', () => (leaving = false));
  return redis;
}

/**
 * Whether the primary may be at another address now: after a failover the old one may still answer, as a replica. Redis 6
 * puts its code inside a sentence when a script meets it: `ERR Error running script (...): -READONLY You can't write ...`.
 */
function isElsewhere({ message }: Error): boolean {
  return ['READONLY', 'LOADING', 'MASTERDOWN'].some((code) => message.includes(code));
}

/** Resolves when Redis answers, however long that takes. Rejects when the connection was closed for good. */
export function redisReady(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    if (redis.status === 'ready') return resolve();
    redis.once('ready', resolve);
    redis.once('end', () => reject(new Error('The connection to Redis was closed.')));
  });
}

/** Rejects with Redis's own message when it answers but takes no writes: full, or a replica. */
export async function redisTakesWrites(redis: Redis, keyPrefix: string): Promise<void> {
  await redis.set(`${keyPrefix}ready`, '1', 'PX', 1_000);
}

/** Whether this Redis is a replica, which takes no writes; false when INFO is not permitted. */
export async function isReplica(redis: Redis): Promise<boolean> {
  try {
    return /^role:slave\r?$/m.test(await redis.info('replication'));
  } catch (error) {
    if ((error as Error).name === 'ReplyError') return false;
    throw error;
  }
}
