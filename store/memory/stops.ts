import { type Stop, type StopFact, stopsOver } from '../stop-rules.ts';
import type { Stops } from '../stops.ts';

export interface MemoryStopsOptions {
  /** The clock, Unix ms. */
  now?: () => number;
  /** Gets the fact of each change. */
  record?: (fact: StopFact) => void;
  /** By name: for whoever reads them in the same step as something else. */
  stops?: Map<string, Stop>;
}

/** Gates and pauses of this process alone. */
export function createStops({ now = Date.now, record = () => {}, stops = new Map() }: MemoryStopsOptions = {}): Stops {
  return stopsOver({
    async change(name, rule) {
      const { did, after, fact } = rule(stops.get(name), now());
      if (after === null) stops.delete(name);
      else if (after) stops.set(name, after);
      if (fact) record(fact);
      return did;
    },
    all: async () => [...stops.values()],
  });
}
