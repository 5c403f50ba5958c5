import type { Figures } from './costs.ts';
import { limits } from './limits.ts';
import type { Load } from './load.ts';
import { busyCores, withRoom } from './processes.ts';
import { perDay, perSecond, type Traffic } from './traffic.ts';

/** What the record needs, without replicas. */
export interface PostgresNeeds {
  peopleBytes: number;
  openJourneysBytes: number;
  ledgerBytes: number;
  eventsBytes: number;
  factsBytes: number;
  engagementBytes: number;
  /** When every table has reached the end of its retention. */
  bytes: number;
  statementsPerSecondPeak: number;
  walBytesPerSecondPeak: number;
  busyCores: number;
  cores: number;
  /** At most, from all workers and ingresses. */
  connections: number;
  /** Primaries that this takes, each with a part of the people. */
  databases: number;
}

export function postgresNeeds(load: Load, traffic: Traffic, figures: Figures, processes: number): PostgresNeeds {
  const parts = bytesOf(load, traffic, figures);
  const bytes = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const { opened, clicked } = engaged(traffic, figures);
  const of = figures;
  const statements =
    perDay(traffic, { run: of.eventStatements, email: of.emailStatements + of.reportStatements }) +
    opened * of.openStatements +
    clicked * of.clickStatements;
  const wal =
    perDay(traffic, { run: of.eventWal, email: of.emailWal + of.reportWal }) +
    opened * of.openWal +
    clicked * of.clickWal;
  const cpuMs =
    perDay(traffic, { run: of.eventPostgresMs, email: of.emailPostgresMs + of.reportPostgresMs }) +
    opened * of.openPostgresMs +
    clicked * of.clickPostgresMs;
  const cores = withRoom(busyCores(cpuMs, load));
  return {
    ...parts,
    bytes,
    statementsPerSecondPeak: perSecond(statements, load).peak,
    walBytesPerSecondPeak: perSecond(wal, load).peak,
    busyCores: busyCores(cpuMs, load),
    cores,
    connections: processes * of.connectionsOfProcess,
    databases: Math.max(1, Math.ceil(bytes / limits.postgresBytes), Math.ceil(cores / limits.postgresCores)),
  };
}

/** Every retention ends with a month: a partition is dropped as a whole. */
function bytesOf(load: Load, traffic: Traffic, figures: Figures) {
  const { runsPerDay, emailsPerDay } = traffic;
  const { opened, clicked } = engaged(traffic, figures);
  const of = figures;
  const factsPerDay =
    runsPerDay * of.eventFactBytes +
    emailsPerDay * of.emailFactBytes +
    opened * of.openFactBytes +
    clicked * of.clickFactBytes;
  const reportDays = of.reportDays + of.partitionDays;
  return {
    peopleBytes: load.people * of.personBytes,
    openJourneysBytes: load.openJourneys * of.openJourneyBytes,
    ledgerBytes: emailsPerDay * of.sendBytes * (load.rememberSendsDays + of.partitionDays),
    eventsBytes:
      runsPerDay * of.eventRowBytes * (Math.max(load.rememberDecisionsDays, of.leastEventDays) + of.partitionDays),
    factsBytes: factsPerDay * reportDays,
    engagementBytes: (opened * of.openRowBytes + clicked * of.clickRowBytes) * reportDays,
  };
}

function engaged({ emailsPerDay }: Traffic, { openedShare, clickedShare }: Figures) {
  return { opened: emailsPerDay * openedShare, clicked: emailsPerDay * clickedShare };
}
