import type { AddressEvent } from '../store/facts.ts';
import type { RunningJourney } from '../store/running.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Which running journeys of a person end, and why: their marketing journeys, all of them or those of some topics. */
export interface StopOrder {
  topics: 'all' | string[];
  why: string;
}

/** An entry younger than this may belong to a run that is being started this moment. */
const startingMs = 10 * 60_000;

/**
 * Cancels running marketing journeys. A courtesy: the guarantee is the last look that `sendEmail` takes. Gives a fact for
 * each run that was cancelled. A run that has ended by itself is taken off the index.
 */
export async function stopJourneys(
  { store, cancelRun, now }: Pick<ActivityDependencies, 'store' | 'cancelRun' | 'now'>,
  people: readonly string[],
  orders: readonly StopOrder[],
): Promise<AddressEvent[]> {
  const facts: AddressEvent[] = [];
  for (const user of orders.length > 0 ? people : []) {
    for (const journey of await store.running.of(user)) {
      const order = orders.find((each) => concerns(each, journey));
      if (!order) continue;
      const cancelled = await cancelRun(journey.workflowId, order.why);
      if (cancelled || now() - journey.registeredAt > startingMs) {
        await store.running.forget(user, journey.workflowId);
      }
      if (cancelled) {
        facts.push({
          at: now(),
          what: 'journey_stopped',
          user,
          journey: journey.journey,
          run: journey.workflowId,
          why: order.why,
        });
      }
    }
  }
  return facts;
}

function concerns({ topics }: StopOrder, { topic, transactional }: RunningJourney): boolean {
  if (transactional) return false;
  return topics === 'all' || (topic !== undefined && topics.includes(topic));
}
