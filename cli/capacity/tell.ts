import { type CostName, costs } from './costs.ts';
import { limits } from './limits.ts';
import type { Estimate } from './model.ts';
import { inBytes, inDollars, inPercent, inWords } from './quantity.ts';
import { warningsAbout } from './warnings.ts';

interface Section {
  title: string;
  rows: Row[];
}

/** What it is, how much, and the figures that it comes from. */
type Row = [what: string, howMuch: string, ...from: (CostName | { why: string })[]];

/** The estimate for people: a table, what would not work, and what the figures are worth. */
export function tell(estimate: Estimate): string {
  const sections = [
    mails(estimate),
    ours(estimate),
    temporal(estimate),
    nats(estimate),
    redis(estimate),
    cloud(estimate),
  ];
  const rows = sections.flatMap((section) => section.rows);
  const widest = (texts: string[]) => Math.max(...texts.map((text) => text.length));
  const [left, right] = [widest(rows.map(([what]) => what)), widest(rows.map(([, howMuch]) => howMuch))];
  const line = ([what, howMuch, ...from]: Row) =>
    `  ${what.padEnd(left)}  ${howMuch.padStart(right)}  ${from.map(basis).join(', ')}`.trimEnd();
  const table = sections.map(({ title, rows }) => [title, ...rows.map(line)].join('\n'));
  const warnings = warningsAbout(estimate).map((warning) => `  - ${warning}`);
  return [
    ...table,
    ...(warnings.length > 0 ? [`What will not do as it is\n${warnings.join('\n')}`] : []),
    `Cores: at most ${inPercent(limits.busyShare)} busy at the peak. m measured, d derived from measured figures, a assumed, l listed;\nwhere and on what machine: cli/capacity/costs.ts. Measure your own before you buy.`,
  ].join('\n\n');
}

function mails({ load, traffic, ses }: Estimate): Section {
  const { journeyDays } = traffic;
  return {
    title: 'Mails',
    rows: [
      ['mails a second, average', inWords(traffic.mailsPerSecondAverage), because('mails a day / 86,400 s')],
      ['mails a second, peak', inWords(traffic.mailsPerSecondPeak), because(`${load.peakFactor} times the average`)],
      ['one-mail runs a day', inWords(traffic.transactionalRunsPerDay), because('the transactional share')],
      ['journeys begun a day', inWords(traffic.journeysPerDay), because(`${load.mailsPerJourney} mails each`)],
      [
        'a journey is open for',
        journeyDays === undefined ? '-' : `${inWords(journeyDays)} days`,
        because('open journeys / begun a day'),
      ],
      ['SES sending rate', `${inWords(ses.mailsPerSecond)} /s`, because('the peak; provider.rate_limit')],
      ['SES quota of 24 hours', inWords(ses.mailsPerDay), because('mails a day')],
    ],
  };
}

function ours({ workers, ingresses }: Estimate): Section {
  return {
    title: 'Rivulet',
    rows: [
      ['workers', processes(workers), 'workerMs', 'workerPatienceMs', 'workerWaitMs'],
      ['  their memory', inBytes(workers.memoryMb * 1e6), 'workerMemoryMb'],
      ['ingresses', processes(ingresses), 'ingressMs'],
      ['  their memory', inBytes(ingresses.memoryMb * 1e6), 'ingressMemoryMb'],
      ['  prefetch', ingresses.prefetch === undefined ? 'none' : inWords(ingresses.prefetch), 'ingressHoldsMs'],
    ],
  };
}

function temporal({ temporal: needs, load }: Estimate): Section {
  return {
    title: 'Temporal server, self-hosted',
    rows: [
      ['history shards', String(needs.historyShards), 'writesOfShard'],
      [
        'events of a journey',
        inWords(needs.eventsOfJourney),
        'runEvents',
        'mailEvents',
        'patienceEvents',
        'waitEvents',
      ],
      ['server cores', inWords(needs.serverCores), 'serverMs', 'serverPatienceMs', 'serverWaitMs'],
      ['database cores', inWords(needs.databaseCores), 'databaseMs', 'databasePatienceMs', 'databaseWaitMs'],
      ['RPCs a second, peak', inWords(needs.rpcsPerSecondPeak), 'runRpcs', 'patienceRpcs', 'waitRpcs'],
      ['database writes a second, peak', inWords(needs.databaseWritesPerSecondPeak), 'writesOfRpc'],
      ['history of open journeys', inBytes(needs.openBytes), 'openBytes'],
      [
        `history of ended runs, ${inWords(load.retentionDays)} days`,
        inBytes(needs.closedBytes),
        'runBytes',
        'mailBytes',
        'patienceBytes',
        'waitBytes',
      ],
    ],
  };
}

function nats({ nats: needs, load }: Estimate): Section {
  return {
    title: 'NATS',
    rows: [
      ['nodes', String(needs.nodes), because('each holds all of it (R3)')],
      ['cores of a node', inWords(needs.cores), 'natsMs'],
      ['messages a second, peak', inWords(needs.messagesPerSecondPeak), 'feedbackEvents'],
      ['bytes a second, average', inBytes(needs.bytesPerSecondAverage), 'eventBytes', 'feedbackBytes'],
      ['bytes a second, peak', inBytes(needs.bytesPerSecondPeak), 'eventBytes', 'feedbackBytes'],
      [`disk of a node, ${inWords(load.streamDays)} days`, inBytes(needs.bytesPerNode), 'eventBytes', 'feedbackBytes'],
    ],
  };
}

function redis({ redis: needs, load }: Estimate): Section {
  return {
    title: 'Redis',
    rows: [
      ['memory', inBytes(needs.bytes), because('the six below')],
      ['  contacts', inBytes(needs.contactsBytes), 'contactBytes'],
      ['  consents', inBytes(needs.consentsBytes), 'consentBytes'],
      [`  ledger of mails, ${inWords(load.rememberSendsDays)} days`, inBytes(needs.sendsBytes), 'sendBytes'],
      [`  decisions, ${inWords(load.rememberDecisionsDays)} days`, inBytes(needs.decisionsBytes), 'decisionBytes'],
      ['  opens and clicks', inBytes(needs.engagementBytes), 'engagementBytes', 'openedShare', 'rememberOpensDays'],
      ['  templates', inBytes(needs.templatesBytes), 'templatesBytes'],
      ['calls a second, peak', inWords(needs.callsPerSecondPeak), 'mailCalls', 'eventCalls', 'feedbackCalls'],
      ['primary busy at the peak', inPercent(needs.busyShare), 'redisMs'],
      [
        'primaries',
        inWords(needs.primaries),
        because(`${inBytes(limits.redisPrimaryBytes)} and a core each; a replica besides`),
      ],
    ],
  };
}

function cloud({ cloud: needs }: Estimate): Section {
  return {
    title: 'The same at Temporal Cloud, a month of 30 days, without the fee of the plan',
    rows: [
      [
        'Actions a month',
        inWords(needs.actionsPerMonth),
        'runActions',
        'mailActions',
        'patienceActions',
        'waitActions',
      ],
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
      ['retained storage', inDollars(needs.retainedStorageDollarsPerMonth), because('as history of ended runs')],
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
