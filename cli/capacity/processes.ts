import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

/** Processes of one kind, with the cores that keep them as busy as they should be at the peak. */
export interface ProcessNeeds {
  /** Cores that are busy at the peak, nothing kept free. */
  busyCores: number;
  processes: number;
  /** What to give all of them together: a core each. */
  cores: number;
  memoryMb: number;
}

export interface IngressNeeds extends ProcessNeeds {
  /** Events and feedback that have to be in hand at once at the peak, over all ingresses. */
  eventsInHand: number;
  /** queues.marketing_events.prefetch that allows it; absent when none does. */
  prefetch?: number;
}

export function workerNeeds(load: Load, traffic: Traffic, figures: Figures): ProcessNeeds {
  const { workerMs: mail, workerPatienceMs: patience, workerWaitMs: wait, workerMemoryMb } = figures;
  return processNeeds(busyCores(perDay(traffic, { mail, patience, wait }), load), workerMemoryMb);
}

export function ingressNeeds(load: Load, traffic: Traffic, figures: Figures): IngressNeeds {
  const { ingressMs, ingressMemoryMb, ingressHoldsMs } = figures;
  const messages = perSecond(traffic.runsPerDay + traffic.feedbackPerDay, load).peak;
  const eventsInHand = Math.ceil((messages * ingressHoldsMs) / 1_000);
  const prefetch = Math.max(limits.defaultPrefetch, Math.ceil(eventsInHand / limits.ackPendingOfPrefetch));
  return {
    ...processNeeds(busyCores(traffic.mailsPerDay * ingressMs, load), ingressMemoryMb),
    eventsInHand,
    ...(eventsInHand <= limits.leastAckPending && { prefetch: limits.defaultPrefetch }),
    ...(eventsInHand > limits.leastAckPending && prefetch <= limits.mostPrefetch && { prefetch }),
  };
}

/** Cores that so many CPU-ms a day keep busy at the peak. */
export function busyCores(cpuMsPerDay: number, load: Load): number {
  return perSecond(cpuMsPerDay, load).peak / 1_000;
}

/** Whole cores, with the room that is kept free. */
export function withRoom(busy: number): number {
  return Math.max(1, Math.ceil(busy / limits.busyShare));
}

function processNeeds(busy: number, memoryMbOfOne: number): ProcessNeeds {
  const processes = Math.max(limits.fewestProcesses, withRoom(busy));
  return { busyCores: busy, processes, cores: processes, memoryMb: processes * memoryMbOfOne };
}
