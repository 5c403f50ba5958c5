import type { Event } from '../events/index.ts';
import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** A day: far longer than an event can be overtaken by the one published after it. */
const rememberSeconds = 86_400;

/** Of one type and person. The newest alone would not do: a journey may listen for that of one cart among several. */
const kept = 20;

/**
 * The last events of each listened-for type for each person. Two events of one person may be taken in side by side; if the
 * later one looks for running journeys before the earlier one has registered its own, that journey finds it here.
 */
export interface HeardEvents {
  record(event: Event): Promise<void>;
  /** Those of the given types that happened at or after `since` (Unix ms), each once, by the time at which they happened. */
  of(userId: string, types: readonly string[], since: number): Promise<Event[]>;
}

export function createHeardEvents(redis: Redis, keys: Keys): HeardEvents {
  return {
    async record(event) {
      const key = keys.heard(event.user_id, event.event_type);
      const text = JSON.stringify(event);
      // The same text is the same event that came twice.
      await redis
        .multi()
        .lrem(key, 0, text)
        .lpush(key, text)
        .ltrim(key, 0, kept - 1)
        .expire(key, rememberSeconds)
        .exec();
    },
    async of(userId, types, since) {
      const found = await Promise.all(types.map((type) => redis.lrange(keys.heard(userId, type), 0, -1)));
      const events = found.flat().map((text) => JSON.parse(text) as Event);
      return events
        .filter((event) => event.timestamp >= since)
        .toSorted((one, other) => one.timestamp - other.timestamp);
    },
  };
}
