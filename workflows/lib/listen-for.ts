import { condition, defineSignal, setHandler } from '@temporalio/workflow';

import type { Event, EventType } from '../../events/index.ts';
import type { Zone } from '../../events/zone.ts';
import type { Duration } from './duration.ts';
import { type Moment, momentOf, wallClock } from './local-time.ts';
import { note } from './story.ts';

/** An event that a journey waits for. */
export interface Listener<T extends EventType> {
  /** The newest such event of this person that has come and was not taken. */
  readonly heard: Event<T> | undefined;
  /** Waits for it, at most this long: true when it has come, also when it came before the wait. */
  within(wait: Duration): Promise<boolean>;
  /** The same, at most until this moment where they are. */
  within(until: string | Moment, person: { zone: Zone }): Promise<boolean>;
  /** Gives what was heard, and listens for another. */
  take(): Event<T> | undefined;
}

/**
 * Listens for an event of the journey's person: a Signal that bears the event's type, delivered by ingress. Call it at the
 * top of the journey, so that nothing is missed, and name the type in `ingress/routes.ts`. Where only some of these events
 * are meant, `isMeant` says which. Several may listen for one type: each hears every event that it means.
 *
 *     const project = listenFor('project.created');
 *     if (await project.within('3 days')) return 'activated';
 *
 *     const order = listenFor('order.completed', ({ payload }) => payload.cart_id === cart.payload.cart_id);
 */
export function listenFor<T extends EventType>(
  type: T,
  isMeant: (event: Event<T>) => boolean = () => true,
): Listener<T> {
  let heard: Event<T> | undefined;
  let newest = -Infinity; // of what has come, also once it was taken: an event may be overtaken by a newer one
  const came = new Set<string>(); // ingress may deliver an event twice
  hear(type, (event) => {
    if (came.has(event.event_id) || !isMeant(event)) return;
    came.add(event.event_id);
    if (newest > event.timestamp) return;
    newest = event.timestamp;
    heard = event;
    note(`${type} came`); // by this, and by the description, simulation/taken.ts knows what was taken
  });
  return {
    get heard() {
      return heard;
    },
    within(wait: string | number | Moment, person?: { zone: Zone }) {
      if (heard) return Promise.resolve(true);
      const { forMs, told } = person ? untilMoment(wait as string | Moment, person) : duration(wait as Duration);
      const summary = `wait ${told} for ${type}`;
      note(summary);
      return condition(() => heard !== undefined, forMs, { summary });
    },
    take() {
      const taken = heard;
      heard = undefined;
      return taken;
    },
  };
}

/** Who listens in this run; each run has this module to itself. */
const listeners = new Map<EventType, ((event: Event<never>) => void)[]>();

/** Temporal keeps one handler for a Signal: all of this run who listen for the type share it. */
function hear<T extends EventType>(type: T, listener: (event: Event<T>) => void): void {
  const others = listeners.get(type);
  if (others) return void others.push(listener);
  const all = [listener];
  listeners.set(type, all);
  setHandler(defineSignal<[Event<T>]>(type), (event) => all.forEach((each) => each(event)), {
    description: `${type} of this person`,
  });
}

/** A wait of 0 is one of a millisecond: for Temporal a 0 here once meant "for ever", and it marks the history to tell. */
function duration(wait: Duration) {
  return typeof wait === 'number' ? { forMs: Math.max(1, wait), told: `${wait} ms` } : { forMs: wait, told: wait };
}

function untilMoment(until: string | Moment, { zone }: { zone: Zone }) {
  const now = Date.now();
  const at = momentOf(until)(zone, now);
  return { forMs: Math.max(1, at - now), told: `until ${wallClock(zone, at)} local time` };
}
