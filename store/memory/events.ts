import type { Decision } from '../entries.ts';
import { type Events, heardAtMost, heardMs, isSame, type StoredEvent } from '../events.ts';

/** One row of the table that events and decisions share. */
interface EventRow extends StoredEvent {
  recordedAt: number;
  decision?: Decision;
}

export type EventTable = Map<string, EventRow>;

/** `now`: the time, Unix ms. */
export function createEvents(table: EventTable, now: () => number = Date.now): Events {
  return {
    async record({ event, personal }) {
      const stored = table.get(event.event_id);
      if (!stored) {
        table.set(event.event_id, { event, personal, recordedAt: now() });
        return { kind: 'new' };
      }
      if (!isSame(stored.event, event)) return { kind: 'reused', eventType: stored.event.event_type };
      return { kind: 'known', stored: storedOf(stored) };
    },
    async find(eventId) {
      const row = table.get(eventId);
      return row && storedOf(row);
    },
    personalOf: async (eventId) => table.get(eventId)?.personal,
    async heard(userId, types, since) {
      return [...table.values()]
        .toReversed()
        .filter(({ event, recordedAt }) => {
          const { user_id, event_type, timestamp } = event;
          const isAsked = user_id === userId && types.includes(event_type) && timestamp >= since;
          return isAsked && recordedAt >= now() - heardMs;
        })
        .toSorted((one, other) => other.recordedAt - one.recordedAt)
        .slice(0, heardAtMost)
        .map(({ event }) => event)
        .toSorted((one, other) => one.timestamp - other.timestamp);
    },
  };
}

function storedOf({ event, personal }: EventRow): StoredEvent {
  return { event, personal };
}
