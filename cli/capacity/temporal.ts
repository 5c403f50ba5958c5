import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

export interface TemporalNeeds {
  historyShards: number;
  /** In the history of one journey of average patience. */
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
  const server = { mail: of.serverMs, patience: of.serverPatienceMs, wait: of.serverWaitMs };
  const database = { mail: of.databaseMs, patience: of.databasePatienceMs, wait: of.databaseWaitMs };
  const rpcs = { run: of.runRpcs, patience: of.patienceRpcs, wait: of.waitRpcs };
  const bytes = { run: of.runBytes, mail: of.mailBytes, patience: of.patienceBytes, wait: of.waitBytes };

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

/** A power of two, from the fewest on: shards are spread by a hash, and their number never changes. */
function shardsFor(wanted: number): number {
  return Math.max(limits.fewestShards, 2 ** Math.ceil(Math.log2(Math.max(1, wanted))));
}

function eventsOfJourney({ mailsPerJourney, localSendShare }: Load, figures: Figures): number {
  const mail = figures.mailEvents + (1 - localSendShare) * figures.patienceEvents;
  return figures.runEvents + mailsPerJourney * mail + (mailsPerJourney - 1) * figures.waitEvents;
}
