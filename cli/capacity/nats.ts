import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perSecond, type Traffic } from './traffic.ts';

export interface NatsNeeds {
  nodes: number;
  /** Of the node that leads the stream; any of them may have to. */
  cores: number;
  messagesPerSecondPeak: number;
  bytesPerSecondAverage: number;
  bytesPerSecondPeak: number;
  /** Each node holds all of it. */
  bytesPerNode: number;
}

export function natsNeeds(load: Load, traffic: Traffic, figures: Figures): NatsNeeds {
  const { natsMs, eventBytes, feedbackBytes } = figures;
  const bytesPerDay = traffic.runsPerDay * eventBytes + traffic.feedbackPerDay * feedbackBytes;
  const { average, peak } = perSecond(bytesPerDay, load);
  return {
    nodes: limits.natsReplicas,
    cores: withRoom(busyCores(traffic.emailsPerDay * natsMs, load)),
    messagesPerSecondPeak: perSecond(traffic.runsPerDay + traffic.feedbackPerDay, load).peak,
    bytesPerSecondAverage: average,
    bytesPerSecondPeak: peak,
    bytesPerNode: bytesPerDay * load.streamDays,
  };
}
