import { type Decision, type Entries, type EntryRecord, factOf, holderOf, keptIn } from '../entries.ts';
import type { Facts } from '../facts.ts';
import type { EventTable } from './events.ts';

/** `events`: the table that holds the decisions. `now`: the time, Unix ms. An entry is kept as long as the process runs. */
export function createEntries(events: EventTable, facts: Pick<Facts, 'record'>, now: () => number = Date.now): Entries {
  const places = new Map<string, EntryRecord[]>();

  /** Returns the decision that counts, and the fact that is still to be recorded. */
  const decide = (eventId: string, decision: Decision) => {
    const row = events.get(eventId);
    if (!row) throw new Error(`the event ${eventId} was never recorded`);
    if (row.decision) return { decision: row.decision };
    row.decision = decision;
    return { decision, fact: factOf(eventId, decision) };
  };

  return {
    async settle(eventId, decision) {
      const { decision: settled, fact } = decide(eventId, decision);
      if (fact) await facts.record([fact]);
      return settled;
    },
    async claim(eventId, decision, place, gone) {
      const before = events.get(eventId)?.decision;
      if (before) return before;
      const key = JSON.stringify([decision.user_id, place.journey, place.per]);
      const entries = places.get(key) ?? [];
      const holder = holderOf(place, entries, eventId, gone);
      if (holder) return { holder };
      const { decision: settled, fact } = decide(eventId, decision);
      const mine = { id: eventId, at: now(), happenedAt: place.happenedAt };
      places.set(key, [...entries, mine].slice(-keptIn(place)));
      if (fact) await facts.record([fact]);
      return settled;
    },
    find: async (eventId) => events.get(eventId)?.decision,
  };
}
