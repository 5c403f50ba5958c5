import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** Longer than an event stays in its stream: it cannot be delivered again after that. */
const rememberSeconds = 31 * 86_400;

/** Which events have been written to the dead letters, so that a second delivery writes no second letter. */
export interface DeadLetters {
  isWritten(id: string): Promise<boolean>;
  markWritten(id: string): Promise<void>;
}

export function createDeadLetters(redis: Redis, keys: Keys): DeadLetters {
  return {
    isWritten: async (id) => (await redis.exists(keys.deadLetter(id))) === 1,
    markWritten: async (id) => {
      await redis.set(keys.deadLetter(id), '1', 'EX', rememberSeconds);
    },
  };
}
