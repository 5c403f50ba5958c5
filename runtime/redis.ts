import { lastErrorOf, type Redis } from '../store/redis/connect.ts';
import { whyRefused } from '../store/redis/refusal.ts';
import type { RedisServer } from '../store/redis/settings.ts';
import type { Logger } from './log.ts';
import { StartError } from './stop-signal.ts';
import { untilAvailable } from './until-available.ts';

/**
 * Waits until Redis answers, for as long as it takes. Throws a StartError if Redis refuses this process's credentials: at start,
 * that is a configuration error. Later the connection keeps retrying, since they worked before.
 */
export function openRedis(redis: Redis, server: RedisServer, log: Pick<Logger, 'warn'>): Promise<void> {
  const open = async () => {
    try {
      await redis.ping();
    } catch (error) {
      const why = whyRefused(lastErrorOf(redis) ?? (error as Error), server);
      if (why !== undefined) throw new StartError(why);
      throw error;
    }
  };
  return untilAvailable('redis', open, log);
}
