import type { Event } from '../../events/index.ts';
import type { PersonalPart } from '../../events/split-event.ts';
import { type Events, isSame, type StoredEvent } from '../events.ts';
import type { Postgres } from './connect.ts';
import { toJsonb } from './json.ts';
import { statement } from './statement.ts';

const sql = {
  record: statement(import.meta.url, 'events-record.sql'),
  find: statement(import.meta.url, 'events-find.sql'),
  heard: statement(import.meta.url, 'events-heard.sql'),
};

interface Row {
  event_id: string;
  event_type: Event['event_type'];
  user_id: string;
  happened_at: number;
  payload: Event['payload'];
  metadata: Record<string, string> | null;
  personal: PersonalPart;
}

export function createEvents(postgres: Postgres): Events {
  const find = async (eventId: string): Promise<StoredEvent | undefined> => {
    const [row] = await postgres.query<Row>(sql.find, [eventId]);
    return row && { event: toEvent(row), personal: row.personal };
  };
  return {
    async record({ event, personal, receivedAt }) {
      const { event_id, event_type, user_id, timestamp, payload, metadata } = event;
      const added = await postgres.query(sql.record, [
        event_id,
        event_type,
        user_id,
        new Date(timestamp),
        new Date(receivedAt),
        toJsonb(payload),
        toJsonb(personal),
        metadata ? toJsonb(metadata) : null,
      ]);
      if (added.length > 0) return { kind: 'new' };
      const stored = await find(event_id);
      if (!stored) throw new Error('an event that was just stored is not there: its month is being dropped');
      return isSame(stored.event, event)
        ? { kind: 'known', stored }
        : { kind: 'reused', eventType: stored.event.event_type };
    },
    find,
    personalOf: async (eventId) => (await find(eventId))?.personal,
    async heard(userId, types, since) {
      if (types.length === 0) return [];
      return (await postgres.query<Row>(sql.heard, [userId, types, new Date(since)])).map(toEvent);
    },
  };
}

function toEvent({ event_id, event_type, user_id, happened_at, payload, metadata }: Row): Event {
  return {
    event_id,
    event_type,
    user_id,
    timestamp: happened_at,
    payload,
    ...(metadata && { metadata }),
  };
}
