import { type CostName, costs } from './costs.ts';
import { limits } from './limits.ts';
import type { Estimate } from './model.ts';
import { inBytes, inDollars, inPercent, inWords } from './quantity.ts';
import { warningsAbout } from './warnings.ts';

interface Section {
  title: string;
  rows: Row[];
}

/** A quantity, its value, and the figures that it is computed from. */
type Row = [what: string, value: string, ...from: (CostName | { why: string })[]];

/** Returns the estimate as text: tables, warnings, and how the figures were obtained. */
export function report(estimate: Estimate): string {
  const sections = [
    emails(estimate),
    rivulet(estimate),
    postgres(estimate),
    redis(estimate),
    temporal(estimate),
    nats(estimate),
    cloud(estimate),
  ];
  const rows = sections.flatMap((section) => section.rows);
  const widest = (texts: string[]) => Math.max(...texts.map((text) => text.length));
  const [left, right] = [widest(rows.map(([what]) => what)), widest(rows.map(([, value]) => value))];
  const line = ([what, value, ...from]: Row) =>
    `  ${what.padEnd(left)}  ${value.padStart(right)}  ${from.map(basis).join(', ')}`.trimEnd();
  const table = sections.map(({ title, rows }) => [title, ...rows.map(line)].join('\n'));
  const warnings = warningsAbout(estimate).map((warning) => `  - ${warning}`);
  return [
    ...table,
    ...(warnings.length > 0 ? [`Required changes\n${warnings.join('\n')}`] : []),
    `Cores include headroom: at most ${inPercent(limits.busyShare)} busy at the peak. (m) measured, (d) derived from measurements, (a) assumed, (l) list price;\nsources and machine: cli/capacity/costs.ts. Measure your own load before you buy.`,
  ].join('\n\n');
}

function emails({ load, traffic, ses }: Estimate): Section {
  const { journeyDays } = traffic;
  return {
    title: 'Emails',
    rows: [
      ['emails a second, average', inWords(traffic.emailsPerSecondAverage), because('emails a day / 86,400 s')],
      ['emails a second, peak', inWords(traffic.emailsPerSecondPeak), because(`${load.peakFactor} times the average`)],
      ['runs of one email, a day', inWords(traffic.transactionalRunsPerDay), because('the transactional share')],
      ['journeys started a day', inWords(traffic.journeysPerDay), because(`${load.emailsPerJourney} emails each`)],
      [
        'duration of a journey',
        journeyDays === undefined ? '-' : `${inWords(journeyDays)} days`,
        because('open journeys / started a day'),
      ],
      ['SES sending rate', `${inWords(ses.emailsPerSecond)} /s`, because('the peak; provider.rate_limit')],
      ['SES quota of 24 hours', inWords(ses.emailsPerDay), because('emails a day')],
    ],
  };
}

function rivulet({ workers, ingresses }: Estimate): Section {
  return {
    title: 'Rivulet',
    rows: [
      ['workers', processes(workers), 'workerMs', 'workerQueuedMs', 'workerWaitMs'],
      ['  memory', inBytes(workers.memoryMb * 1e6), 'workerMemoryMb'],
      ['ingresses', processes(ingresses), 'ingressMs'],
      ['  memory', inBytes(ingresses.memoryMb * 1e6), 'ingressMemoryMb'],
      ['  prefetch', ingresses.prefetch === undefined ? 'none' : inWords(ingresses.prefetch), 'ingressHoldsMs'],
    ],
  };
}

function postgres({ postgres: needs, load }: Estimate): Section {
  const months = because('whole months are dropped');
  return {
    title: 'Postgres: the record, without replicas',
    rows: [
      ['disk', inBytes(needs.bytes), because('the six below, at the end of every retention')],
      ['  people and consents', inBytes(needs.peopleBytes), 'personBytes'],
      ['  open journeys', inBytes(needs.openJourneysBytes), 'openJourneyBytes'],
      [`  ledger, ${inWords(load.rememberSendsDays)} days`, inBytes(needs.ledgerBytes), 'sendBytes', 'partitionDays'],
      [
        `  events, ${inWords(load.rememberDecisionsDays)} days`,
        inBytes(needs.eventsBytes),
        'eventRowBytes',
        'leastEventDays',
        months,
      ],
      [
        '  facts',
        inBytes(needs.factsBytes),
        'reportDays',
        'eventFactBytes',
        'emailFactBytes',
        'openFactBytes',
        'clickFactBytes',
      ],
      [
        '  opens and clicks',
        inBytes(needs.engagementBytes),
        'openRowBytes',
        'openedShare',
        'clickRowBytes',
        'clickedShare',
      ],
      [
        'statements a second, peak',
        inWords(needs.statementsPerSecondPeak),
        'emailStatements',
        'eventStatements',
        'reportStatements',
        'openStatements',
        'clickStatements',
      ],
      [
        'write-ahead log a second, peak',
        inBytes(needs.walBytesPerSecondPeak),
        'emailWal',
        'eventWal',
        'reportWal',
        'openWal',
        'clickWal',
      ],
      [
        'cores',
        `${inWords(needs.cores)} (${inWords(needs.busyCores)} busy)`,
        'emailPostgresMs',
        'eventPostgresMs',
        'reportPostgresMs',
        'openPostgresMs',
        'clickPostgresMs',
      ],
      ['connections, at most', inWords(needs.connections), 'connectionsOfProcess'],
      [
        'primaries',
        inWords(needs.databases),
        because(
          `${inBytes(limits.postgresBytes)} and ${limits.postgresCores} cores each; a synchronous standby in addition`,
        ),
      ],
    ],
  };
}

function redis({ redis: needs }: Estimate): Section {
  return {
    title: 'Redis: rate limit and caches, nothing lasting',
    rows: [
      [
        'memory',
        inBytes(needs.bytes),
        'redisBaseBytes',
        'waitingBytes',
        because(`a backlog of ${limits.backlogHours} h at the average rate`),
      ],
      ['calls a second, peak', inWords(needs.callsPerSecondPeak), 'redisCalls'],
      ['primary busy at the peak', inPercent(needs.busyShare), 'redisMs'],
    ],
  };
}

function temporal({ temporal: needs, load }: Estimate): Section {
  return {
    title: 'Temporal server, self-hosted',
    rows: [
      ['history shards', String(needs.historyShards), 'writesOfShard'],
      ['events of a journey', inWords(needs.eventsOfJourney), 'runEvents', 'emailEvents', 'queuedEvents', 'waitEvents'],
      ['server cores', inWords(needs.serverCores), 'serverMs', 'serverQueuedMs', 'serverWaitMs'],
      ['database cores', inWords(needs.databaseCores), 'databaseMs', 'databaseQueuedMs', 'databaseWaitMs'],
      ['RPCs a second, peak', inWords(needs.rpcsPerSecondPeak), 'runRpcs', 'queuedRpcs', 'waitRpcs'],
      ['database writes a second, peak', inWords(needs.databaseWritesPerSecondPeak), 'writesOfRpc'],
      ['history of open journeys', inBytes(needs.openBytes), 'openBytes'],
      [
        `history of closed runs, ${inWords(load.retentionDays)} days`,
        inBytes(needs.closedBytes),
        'runBytes',
        'emailBytes',
        'queuedBytes',
        'waitBytes',
      ],
    ],
  };
}

function nats({ nats: needs, load }: Estimate): Section {
  return {
    title: 'NATS',
    rows: [
      ['nodes', String(needs.nodes), because('each stores everything (R3)')],
      ['cores of a node', inWords(needs.cores), 'natsMs'],
      ['messages a second, peak', inWords(needs.messagesPerSecondPeak), 'feedbackEvents'],
      ['bytes a second, average', inBytes(needs.bytesPerSecondAverage), 'eventBytes', 'feedbackBytes'],
      ['bytes a second, peak', inBytes(needs.bytesPerSecondPeak), 'eventBytes', 'feedbackBytes'],
      [`disk of a node, ${inWords(load.streamDays)} days`, inBytes(needs.bytesPerNode), 'eventBytes', 'feedbackBytes'],
    ],
  };
}

function cloud({ cloud: needs }: Estimate): Section {
  return {
    title: 'Temporal Cloud instead, a month of 30 days, without the fee of the plan',
    rows: [
      ['Actions a month', inWords(needs.actionsPerMonth), 'runActions', 'emailActions', 'queuedActions', 'waitActions'],
      ['Actions a second, average', inWords(needs.actionsPerSecondAverage)],
      [
        'Actions a second, peak',
        inWords(needs.actionsPerSecondPeak),
        because(`${limits.cloudActionsPerSecond} /s by default`),
      ],
      [
        'Actions',
        inDollars(needs.actionsDollarsPerMonth),
        because(needs.negotiated ? 'to be negotiated' : 'the price list'),
      ],
      ['active storage', inDollars(needs.activeStorageDollarsPerMonth), 'openBytes'],
      ['retained storage', inDollars(needs.retainedStorageDollarsPerMonth), because('history of closed runs')],
      ['sum', inDollars(needs.dollarsPerMonth)],
    ],
  };
}

function processes({ processes, busyCores }: { processes: number; busyCores: number }): string {
  return `${inWords(processes)} (${inWords(busyCores)} cores busy)`;
}

function because(why: string): { why: string } {
  return { why };
}

function basis(from: CostName | { why: string }): string {
  if (typeof from === 'object') return from.why;
  const { value, unit, basis } = costs[from];
  return `${value.toLocaleString('en-US')} ${unit} (${basis[0]})`;
}
