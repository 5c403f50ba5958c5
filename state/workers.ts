import type { Keys } from './keys.ts';
import { clockLua, defineScript, type Redis } from './redis.ts';

/** A worker that has not been heard of for so long counts as gone. */
const aliveMs = 10_000;

/** The workers that are alive, so that each knows its share. */
export interface LiveWorkers {
  /** Says that this one is alive; gives how many are. */
  beat(id: string): Promise<number>;
  leave(id: string): Promise<void>;
}

const beatScript = `${clockLua}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${aliveMs * 1_000})
return redis.call('ZCARD', KEYS[1])`;

export function createLiveWorkers(redis: Redis, keys: Keys): LiveWorkers {
  const beat = defineScript<number>(redis, 'rivuletBeat', 1, beatScript, 'goOn');
  return {
    beat: (id) => beat([keys.workers()], [id]),
    leave: async (id) => {
      await redis.zrem(keys.workers(), id);
    },
  };
}
