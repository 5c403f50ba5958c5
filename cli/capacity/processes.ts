import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

/** Processes of one kind, with enough cores for the peak and the configured headroom. */
export interface ProcessNeeds {
  /** Cores that are busy at the peak, without headroom. */
  busyCores: number;
  processes: number;
  /** One for each process. */
  cores: number;
  memoryMb: number;
}

export interface IngressNeeds extends ProcessNeeds {
  /** Messages that all ingresses process at the same time at the peak. */
  messagesInFlight: number;
  /** queues.marketing_events.prefetch that allows it; undefined when none does. */
  prefetch?: number;
}

export function workerNeeds(load: Load, traffic: Traffic, figures: Figures): ProcessNeeds {
  const { workerMs: email, workerQueuedMs: queued, workerWaitMs: wait, workerMemoryMb } = figures;
  return processNeeds(busyCores(perDay(traffic, { email, queued, wait }), load), workerMemoryMb);
}

export function ingressNeeds(load: Load, traffic: Traffic, figures: Figures): IngressNeeds {
  const { ingressMs, ingressMemoryMb, ingressHoldsMs } = figures;
  const messages = perSecond(traffic.runsPerDay + traffic.feedbackPerDay, load).peak;
  const messagesInFlight = Math.ceil((messages * ingressHoldsMs) / 1_000);
  const prefetch = Math.max(limits.defaultPrefetch, Math.ceil(messagesInFlight / limits.ackPendingOfPrefetch));
  return {
    ...processNeeds(busyCores(traffic.emailsPerDay * ingressMs, load), ingressMemoryMb),
    messagesInFlight,
    ...(messagesInFlight <= limits.leastAckPending && { prefetch: limits.defaultPrefetch }),
    ...(messagesInFlight > limits.leastAckPending && prefetch <= limits.mostPrefetch && { prefetch }),
  };
}

/** Returns the cores that so many CPU-ms a day keep busy at the peak. */
export function busyCores(cpuMsPerDay: number, load: Load): number {
  return perSecond(cpuMsPerDay, load).peak / 1_000;
}

/** Returns whole cores, headroom included. */
export function withRoom(busy: number): number {
  return Math.max(1, Math.ceil(busy / limits.busyShare));
}

function processNeeds(busy: number, memoryMbOfOne: number): ProcessNeeds {
  const processes = Math.max(limits.fewestProcesses, withRoom(busy));
  return { busyCores: busy, processes, cores: processes, memoryMb: processes * memoryMbOfOne };
}
