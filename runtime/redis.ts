import { lastErrorOf, type Redis } from '../store/redis/connect.ts';
import { whyRefused } from '../store/redis/refusal.ts';
import type { RedisServer } from '../store/redis/settings.ts';
import type { Logger } from './log.ts';
import { StartError } from './stop-signal.ts';
import { untilAvailable } from './until-available.ts';

/**
 * Waits as long as it takes until Redis answers. Throws a StartError when it refuses the credentials of this process: at a start
 * that is a mistake. Later, when they were right before, the connection keeps trying.
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
