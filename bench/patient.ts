import type { ActivityDependencies } from '../activities/dependencies.ts';
import { patienceMs } from '../activities/send.ts';

/** The person of an order whose mail is to go by the queue. */
export function patientUser(id: string): string {
  return `p_${id}`;
}

/**
 * A worker's dependencies as they are, but for this: whoever is patient is told in the turn that their slot is farther away
 * than a turn waits. As when that is so, it takes one call to Redis, and the slot stays booked; all that follows is the real
 * path. The slot itself is at once, so that what is measured is that path and not a wait.
 */
export function refusingInTheTurn(deps: ActivityDependencies): ActivityDependencies {
  const { departures, rates } = deps.memory;
  return {
    ...deps,
    memory: {
      ...deps.memory,
      departures: {
        ...departures,
        async leave(tag, claim, terms, seen, about) {
          if (!about.user.startsWith(patientUser(''))) return departures.leave(tag, claim, terms, seen, about);
          await rates.reserve(tag, terms);
          return { kind: 'wait', waitMs: patienceMs.at_once + 1 };
        },
      },
    },
  };
}
