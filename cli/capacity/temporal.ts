import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

export interface TemporalNeeds {
  historyShards: number;
  /** In the history of one journey with the average share of queued emails. */
  eventsOfJourney: number;
  serverCores: number;
  databaseCores: number;
  databaseWritesPerSecondPeak: number;
  rpcsPerSecondPeak: number;
  openBytes: number;
  closedBytes: number;
}

export function temporalNeeds(load: Load, traffic: Traffic, figures: Figures): TemporalNeeds {
  const of = figures;
  const server = { email: of.serverMs, queued: of.serverQueuedMs, wait: of.serverWaitMs };
  const database = { email: of.databaseMs, queued: of.databaseQueuedMs, wait: of.databaseWaitMs };
  const rpcs = { run: of.runRpcs, queued: of.queuedRpcs, wait: of.waitRpcs };
  const bytes = { run: of.runBytes, email: of.emailBytes, queued: of.queuedBytes, wait: of.waitBytes };

  const rpcsPerSecondPeak = perSecond(perDay(traffic, rpcs), load).peak;
  const databaseWritesPerSecondPeak = rpcsPerSecondPeak * of.writesOfRpc;
  return {
    historyShards: shardsFor(databaseWritesPerSecondPeak / of.writesOfShard),
    eventsOfJourney: eventsOfJourney(load, figures),
    serverCores: withRoom(busyCores(perDay(traffic, server), load)),
    databaseCores: withRoom(busyCores(perDay(traffic, database), load)),
    databaseWritesPerSecondPeak,
    rpcsPerSecondPeak,
    openBytes: load.openJourneys * of.openBytes,
    closedBytes: perDay(traffic, bytes) * load.retentionDays,
  };
}

/** A power of two, at least the fewest: their number is fixed when the cluster is created. */
function shardsFor(wanted: number): number {
  return Math.max(limits.fewestShards, 2 ** Math.ceil(Math.log2(Math.max(1, wanted))));
}

function eventsOfJourney({ emailsPerJourney, inlineShare }: Load, figures: Figures): number {
  const email = figures.emailEvents + (1 - inlineShare) * figures.queuedEvents;
  return figures.runEvents + emailsPerJourney * email + (emailsPerJourney - 1) * figures.waitEvents;
}
