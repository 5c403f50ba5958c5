import type { Event, EventType } from '../events/index.ts';
import type { PersonalPart } from '../events/split-event.ts';

/** An event as it is stored: the part that enters Temporal, and its personal fields, which are joined when an email is rendered. */
export interface StoredEvent {
  event: Event;
  personal: PersonalPart;
}

export interface Arrival extends StoredEvent {
  /** When the stream got it, Unix ms. A redelivery has the same. */
  receivedAt: number;
}

/**
 * `known`: the same event came before, with what was stored then. `reused`: the id is that of another event, of this type; the
 * type may be the same if the person is another.
 */
export type Recorded = { kind: 'new' } | { kind: 'known'; stored: StoredEvent } | { kind: 'reused'; eventType: string };

/** Every event that was accepted, for as long as `decisions.remember` says. What was decided about it: entries.ts. */
export interface Events {
  /** Stores an event once, by its id. Durable when it resolves. */
  record(arrival: Arrival): Promise<Recorded>;
  find(eventId: string): Promise<StoredEvent | undefined>;
  personalOf(eventId: string): Promise<PersonalPart | undefined>;
  /**
   * The events of these types that were recorded of a person within the last day and that happened at or after `since` (Unix ms): the newest
   * 100, by the time at which they happened. Two events of one person may be processed side by side; if the later one looks
   * for running journeys before the earlier one has registered its own, that journey finds it here.
   */
  heard(userId: string, types: readonly EventType[], since: number): Promise<Event[]>;
}

/** A day: far longer than an event can be overtaken by the one published after it. */
export const heardMs = 86_400_000;

/** A journey may listen for the event of one cart among several, so the newest alone would not do. */
export const heardAtMost = 100;

/** Whether an event that came under a known id is the same one. */
export function isSame(stored: Event, event: Event): boolean {
  return stored.event_type === event.event_type && stored.user_id === event.user_id;
}
