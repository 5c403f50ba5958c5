import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';

import type { Event, EventType } from '../../events/index.ts';
import { note } from './story.ts';

/** An event that a journey waits for. */
export interface Listener<T extends EventType> {
  /** The first such event of this person, once it has come. */
  readonly heard: Event<T> | undefined;
  /** Waits for it, at most this long: true when it has come, also when it came before the wait. */
  within(wait: Duration): Promise<boolean>;
}

/**
 * Listens for an event of the journey's person: a Signal that bears the event's type, delivered by ingress. Call it at the
 * top of the journey, so that nothing is missed, and name the type in `ingress/routes.ts`. Where only some of these events
 * are meant, `isMeant` says which.
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
  setHandler(
    defineSignal<[Event<T>]>(type),
    (event) => {
      if (heard || !isMeant(event)) return; // ingress may deliver an event twice; the first counts
      heard = event;
      note(`${type} came`);
    },
    { description: `${type} of this person` },
  );
  return {
    get heard() {
      return heard;
    },
    async within(wait) {
      if (heard) return true;
      const summary = `wait ${wait} for ${type}`;
      note(summary);
      return condition(() => heard !== undefined, wait, { summary });
    },
  };
}
