import type { RunningJourney, RunningJourneys } from '../running.ts';

interface Entry {
  userId: string;
  journey: RunningJourney;
  checkedAt: number;
}

/** `now`: the time, Unix ms. */
export function createRunningJourneys(now: () => number = Date.now): RunningJourneys {
  const entries = new Map<string, Entry>();
  const keyOf = (userId: string, workflowId: string) => `${userId} ${workflowId}`;
  const ofPerson = (userId: string) =>
    [...entries.values()]
      .filter((entry) => entry.userId === userId)
      .map(({ journey }) => journey)
      .toSorted((one, other) => one.registeredAt - other.registeredAt);
  return {
    async register(userId, journey) {
      const key = keyOf(userId, journey.workflowId);
      if (!entries.has(key)) entries.set(key, { userId, journey, checkedAt: now() });
    },
    of: async (userId) => ofPerson(userId),
    listening: async (userId, eventType, happenedAt) =>
      ofPerson(userId).filter(({ listensFor, since }) => listensFor.includes(eventType) && since <= happenedAt),
    async forgetEnded(ended) {
      return ended.filter(({ userId, workflowId }) => entries.delete(keyOf(userId, workflowId))).length;
    },
    async forget(userId, workflowId) {
      entries.delete(keyOf(userId, workflowId));
    },
    async stale(olderThanMs, limit) {
      const old = [...entries.values()]
        .filter(({ checkedAt }) => checkedAt < now() - olderThanMs)
        .toSorted((one, other) => one.checkedAt - other.checkedAt)
        .slice(0, limit);
      for (const entry of old) entry.checkedAt = now();
      return old.map(({ userId, journey }) => ({ userId, ...journey }));
    },
  };
}
