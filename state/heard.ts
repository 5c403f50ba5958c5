import type { Event } from '../events/index.ts';
import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** A day: far longer than an event can be overtaken by the one published after it. */
const rememberSeconds = 86_400;

/**
 * The last event of each listened-for type for each person. Two events of one person may be taken in side by side; if the
 * later one looks for running journeys before the earlier one has registered its own, that journey finds it here.
 */
export interface HeardEvents {
  record(event: Event): Promise<void>;
  /** Those of the given types that happened at or after `since` (Unix ms). */
  of(userId: string, types: readonly string[], since: number): Promise<Event[]>;
}

export function createHeardEvents(redis: Redis, keys: Keys): HeardEvents {
  return {
    async record(event) {
      const key = keys.heard(event.user_id);
      await redis.multi().hset(key, event.event_type, JSON.stringify(event)).expire(key, rememberSeconds).exec();
    },
    async of(userId, types, since) {
      if (types.length === 0) return [];
      const found = await redis.hmget(keys.heard(userId), ...types);
      return found
        .filter((text) => text !== null)
        .map((text) => JSON.parse(text) as Event)
        .filter((event) => event.timestamp >= since);
    },
  };
}
