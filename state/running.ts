import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** A journey that runs, or is about to: what ingress must know to bring it the events it listens for. */
export interface RunningJourney {
  workflowId: string;
  journey: string;
  listensFor: readonly string[];
  /** What its mails are about; opting out of it ends the journey. */
  topic?: string;
  /** Nothing that the person says about marketing ends it. */
  transactional?: true;
  /** When the event that started it happened, Unix ms: nothing earlier is brought to it. */
  since: number;
  /** When it was registered, Unix ms. */
  registeredAt: number;
}

/**
 * The running journeys of each person. An entry is written before the run is started and taken out when the run turns
 * out to be gone, so that it is never missing, at worst superfluous.
 */
export interface RunningJourneys {
  /** Gives how many entries the person has now. */
  register(userId: string, journey: RunningJourney): Promise<number>;
  of(userId: string): Promise<RunningJourney[]>;
  forget(userId: string, workflowId: string): Promise<void>;
}

export function createRunningJourneys(redis: Redis, keys: Keys): RunningJourneys {
  return {
    async register(userId, { workflowId, ...entry }) {
      // NX: a redelivered event must not make an old entry look new.
      const key = keys.running(userId);
      const replies = await redis.multi().hsetnx(key, workflowId, JSON.stringify(entry)).hlen(key).exec();
      return Number(replies?.[1]?.[1] ?? 0);
    },
    async of(userId) {
      const entries = Object.entries(await redis.hgetall(keys.running(userId)));
      return entries.map(([workflowId, entry]) => ({ workflowId, ...JSON.parse(entry) }));
    },
    async forget(userId, workflowId) {
      await redis.hdel(keys.running(userId), workflowId);
    },
  };
}
