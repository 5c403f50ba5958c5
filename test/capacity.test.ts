import { readFileSync } from 'node:fs';

import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { addCapacity } from '../cli/capacity/command.ts';
import { costs, type Figures } from '../cli/capacity/costs.ts';
import { limits } from '../cli/capacity/limits.ts';
import type { Load } from '../cli/capacity/load.ts';
import { type Estimate, estimate } from '../cli/capacity/model.ts';
import { dollarsForActions } from '../cli/capacity/price.ts';
import { inBytes, inWords } from '../cli/capacity/quantity.ts';
import { warningsAbout } from '../cli/capacity/warnings.ts';
import { configSchema } from '../config/schema.ts';

/** Round sample figures: new measurements change no test of the model. */
const figures: Figures = Object.assign(
  Object.fromEntries(Object.keys(costs).map((name) => [name, 0])) as Figures,
  { workerMs: 9, workerQueuedMs: 6, workerWaitMs: 2, workerMemoryMb: 300 },
  { serverMs: 12, serverQueuedMs: 10, serverWaitMs: 5, databaseMs: 10, databaseQueuedMs: 8, databaseWaitMs: 4 },
  { ingressMs: 1.5, ingressMemoryMb: 200, ingressHoldsMs: 50, redisMs: 0.15, natsMs: 0.3 },
  { runRpcs: 3, queuedRpcs: 4, waitRpcs: 2, writesOfRpc: 2, writesOfShard: 20 },
  { runEvents: 5, emailEvents: 3, queuedEvents: 5, waitEvents: 5 },
  { runActions: 1, emailActions: 1, queuedActions: 1, waitActions: 1 },
  { runBytes: 1_220, emailBytes: 1_215, queuedBytes: 1_030, waitBytes: 525, openBytes: 4_000 },
  { eventBytes: 600, feedbackBytes: 1_500, feedbackEvents: 4 },
  {
    personBytes: 1_000,
    openJourneyBytes: 300,
    sendBytes: 500,
    eventRowBytes: 600,
    openRowBytes: 200,
    clickRowBytes: 100,
  },
  { eventFactBytes: 100, emailFactBytes: 200, openFactBytes: 300, clickFactBytes: 400 },
  { openedShare: 0.5, clickedShare: 0.1, reportDays: 400, leastEventDays: 31, partitionDays: 30 },
  { emailStatements: 3, eventStatements: 4, reportStatements: 3, openStatements: 6, clickStatements: 10 },
  { emailWal: 1_000, eventWal: 2_000, reportWal: 500, openWal: 1_000, clickWal: 1_000 },
  { emailPostgresMs: 2, eventPostgresMs: 1, reportPostgresMs: 0.5, openPostgresMs: 1, clickPostgresMs: 1 },
  { connectionsOfProcess: 16, redisCalls: 2, waitingBytes: 300, redisBaseBytes: 10e6 },
);

/** A thousand receipts a second, all day, all sent at once. */
const receipts: Load = {
  emailsPerDay: 86_400_000,
  openJourneys: 0,
  emailsPerJourney: 5,
  peakFactor: 1,
  transactionalShare: 1,
  inlineShare: 1,
  people: 1_000_000,
  retentionDays: 30,
  rememberSendsDays: 10,
  rememberDecisionsDays: 30,
  streamDays: 7,
};

/** Ten emails a second in journeys of five; every other one is queued. */
const drip: Load = {
  ...receipts,
  emailsPerDay: 864_000,
  openJourneys: 1_209_600,
  transactionalShare: 0,
  inlineShare: 0.5,
};

describe('a load of receipts, by hand', () => {
  const found = estimate(receipts, figures);

  it('is 1,000 runs a second of one email', () => {
    expect(found.traffic).toMatchObject({ emailsPerSecondAverage: 1_000, emailsPerSecondPeak: 1_000, waitsPerDay: 0 });
    expect(found.traffic).toMatchObject({ runsPerDay: 86_400_000, journeysPerDay: 0 });
    expect(found.traffic).not.toHaveProperty('journeyDays');
    expect(found.ses).toEqual({ emailsPerSecond: 1_000, emailsPerDay: 86_400_000 });
  });

  it('keeps nine cores of workers busy, which is 15 processes', () => {
    expect(found.workers).toEqual({ busyCores: 9, processes: 15, cores: 15, memoryMb: 4_500 });
  });

  it('keeps one and a half cores of ingresses busy, with 250 of 5,000 messages a second in flight', () => {
    expect(found.ingresses).toMatchObject({ busyCores: 1.5, processes: 3, messagesInFlight: 250, prefetch: 100 });
  });

  it('takes 3 RPCs and 6 database writes an email, 12 and 10 ms', () => {
    expect(found.temporal).toMatchObject({ rpcsPerSecondPeak: 3_000, databaseWritesPerSecondPeak: 6_000 });
    // 6,000 / 20 are 300 shards; the least is 512.
    expect(found.temporal).toMatchObject({ historyShards: 512, serverCores: 20, databaseCores: 17 });
    expect(found.temporal).toMatchObject({ openBytes: 0, closedBytes: 86_400_000 * (1_220 + 1_215) * 30 });
  });

  it('passes 600 bytes and four times 1,500 through NATS', () => {
    expect(found.nats).toMatchObject({ nodes: 3, cores: 1, messagesPerSecondPeak: 5_000 });
    expect(found.nats).toMatchObject({ bytesPerSecondPeak: 6_600_000, bytesPerNode: 6_600_000 * 86_400 * 7 });
  });

  it('stores everything in Postgres, until the months in which it ends are over', () => {
    const perDay = 86_400_000;
    expect(found.postgres).toMatchObject({
      peopleBytes: 1e9,
      openJourneysBytes: 0,
      ledgerBytes: perDay * 500 * (10 + 30),
    });
    // Kept for 30 days, but never shorter than 31.
    expect(found.postgres.eventsBytes).toBe(perDay * 600 * (31 + 30));
    // Of ten emails one event each, five opens and one click.
    expect(found.postgres.factsBytes).toBeCloseTo(perDay * (100 + 200 + 0.5 * 300 + 0.1 * 400) * 430, -3);
    expect(found.postgres.engagementBytes).toBeCloseTo(perDay * (0.5 * 200 + 0.1 * 100) * 430, -3);
    const { bytes, peopleBytes, ledgerBytes, eventsBytes, factsBytes, engagementBytes } = found.postgres;
    expect(bytes).toBe(peopleBytes + ledgerBytes + eventsBytes + factsBytes + engagementBytes);
  });

  it('asks Postgres 14 statements an email, with 4.1 ms of its CPU and 4.1 KB of log', () => {
    // 3 + 4 + 3 + 0.5 * 6 + 0.1 * 10
    expect(found.postgres.statementsPerSecondPeak).toBeCloseTo(14_000);
    expect(found.postgres.walBytesPerSecondPeak).toBeCloseTo(4_100_000);
    expect(found.postgres.busyCores).toBeCloseTo(4.1);
    expect(found.postgres.cores).toBe(7);
    // 15 workers and 3 ingresses
    expect(found.postgres.connections).toBe(18 * 16);
  });

  it('takes as many databases as disk or cores ask for', () => {
    expect(found.postgres.databases).toBe(2); // 23.6 TB
    const many = estimate(
      { ...receipts, people: 0, rememberSendsDays: 8 },
      { ...figures, emailPostgresMs: 60, reportDays: 1 },
    );
    expect(many.postgres).toMatchObject({ cores: 104, databases: 2 });
  });

  it('fills Redis with the emails of a backlog alone', () => {
    expect(found.redis.bytes).toBe(10e6 + 3_600_000 * 300);
    expect(found.redis.callsPerSecondPeak).toBe(2_000);
    expect(found.redis.busyShare).toBeCloseTo(0.15);
    expect(found.redis.installations).toBe(1);
  });

  it('is two Actions an email', () => {
    expect(found.cloud.actionsPerSecondPeak).toBe(2_000);
    expect(found.cloud.actionsPerMonth).toBe(2 * 86_400_000 * 30);
  });
});

describe('a load of drips, by hand', () => {
  const found = estimate(drip, figures);

  it('is two journeys a second, with eight waits; a journey is open for a week', () => {
    expect(found.traffic).toMatchObject({ journeysPerDay: 172_800, waitsPerDay: 691_200, queuedEmailsPerDay: 432_000 });
    expect(found.traffic.journeyDays).toBe(7);
  });

  it('takes CPU for emails, for queued ones in addition, and for waits', () => {
    // 10 * 9 + 5 * 6 + 8 * 2 ms in a second
    expect(found.workers.busyCores).toBeCloseTo(0.136);
  });

  it('takes 42 RPCs and 25 Actions a second', () => {
    // 2 * 3 + 5 * 4 + 8 * 2, and 2 + 10 + 5 + 8
    expect(found.temporal.rpcsPerSecondPeak).toBeCloseTo(42);
    expect(found.cloud.actionsPerSecondAverage).toBeCloseTo(25);
  });

  it('has journeys of 52.5 events, and of 40 when every email is sent inline', () => {
    expect(found.temporal.eventsOfJourney).toBe(5 + 5 * 5.5 + 4 * 5);
    expect(estimate({ ...drip, inlineShare: 1 }, figures).temporal.eventsOfJourney).toBe(40);
  });

  it('stores what is open and what has ended', () => {
    expect(found.temporal.openBytes).toBe(1_209_600 * 4_000);
    expect(found.temporal.closedBytes).toBe(2_068_416_000 * 30);
    const hours = (bytes: number) => (bytes / 1e9) * 720;
    expect(found.cloud.activeStorageDollarsPerMonth).toBeCloseTo(hours(4_838_400_000) * 0.042);
    expect(found.cloud.retainedStorageDollarsPerMonth).toBeCloseTo(hours(62_052_480_000) * 0.00105);
  });
});

describe('the model', () => {
  it('doubles with the emails, up to rounding', () => {
    const [once, twice] = [estimate(receipts), estimate({ ...receipts, emailsPerDay: 2 * receipts.emailsPerDay })];
    expect(twice.workers.busyCores).toBeCloseTo(2 * once.workers.busyCores);
    expect(Math.abs(twice.workers.processes - 2 * once.workers.processes)).toBeLessThanOrEqual(1);
    expect(twice.postgres.ledgerBytes).toBeCloseTo(2 * once.postgres.ledgerBytes);
    expect(twice.postgres.peopleBytes).toBe(once.postgres.peopleBytes);
  });

  it('multiplies with the peak what has to keep up, not what is stored', () => {
    const [flat, peak] = [estimate(receipts), estimate({ ...receipts, peakFactor: 4 })];
    expect(peak.workers.busyCores).toBeCloseTo(4 * flat.workers.busyCores);
    expect(peak.ses.emailsPerSecond).toBe(4_000);
    expect(peak.nats.bytesPerNode).toBe(flat.nats.bytesPerNode);
    expect(peak.postgres.bytes).toBe(flat.postgres.bytes);
    expect(peak.postgres.busyCores).toBeCloseTo(4 * flat.postgres.busyCores);
    expect(peak.redis.bytes).toBe(flat.redis.bytes);
    expect(peak.cloud.dollarsPerMonth).toBe(flat.cloud.dollarsPerMonth);
  });

  it('is the smallest installation without any load', () => {
    const found = estimate({ ...receipts, emailsPerDay: 0, people: 0 });
    expect(found).toMatchObject({ workers: { processes: 2, busyCores: 0 }, ingresses: { processes: 2 } });
    expect(found).toMatchObject({
      redis: { installations: 1 },
      postgres: { databases: 1, cores: 1, bytes: 0 },
      temporal: { historyShards: 512, serverCores: 1 },
    });
    expect(found.cloud.dollarsPerMonth).toBe(0);
    expect(warningsAbout(found)).toEqual([]);
  });

  it('returns finite numbers for any load, and warns that one installation is not enough', () => {
    const found = estimate({ ...drip, emailsPerDay: 1e12, openJourneys: 1e12, people: 1e12, emailsPerJourney: 1_000 });
    expect(strangeIn(found)).toEqual([]);
    expect(Math.log2(found.temporal.historyShards) % 1).toBe(0);
    expect(found.ingresses).not.toHaveProperty('prefetch');
    const about = warningsAbout(found).map((warning) => /^[\w ]+/.exec(warning)?.[0]);
    expect(about).toEqual([
      'Postgres',
      'Postgres',
      'Redis',
      'NATS',
      'Temporal',
      'Temporal',
      'Temporal Cloud',
      'Temporal Cloud',
    ]);
  });

  it('asks for a larger prefetch when the consumer would hold the ingresses up', () => {
    // 25,000 emails a second are 125,000 messages, of which 6,250 are processed at the same time.
    const found = estimate({ ...receipts, emailsPerDay: 25_000 * 86_400 }, figures);
    expect(found.ingresses).toMatchObject({ messagesInFlight: 6_250, prefetch: 313 });
    expect(warningsAbout(found).join('\n')).toContain('set queues.marketing_events.prefetch to 313');
  });

  it('knows the limits of the product', () => {
    const { prefetch } = configSchema.parse({}).queues.marketing_events;
    expect(limits.defaultPrefetch).toBe(prefetch);
    const { leastAckPending, ackPendingOfPrefetch, mostPrefetch } = limits;
    const source = readFileSync(new URL('../ingress/main.ts', import.meta.url), 'utf8').replaceAll('_', '');
    expect(source).toContain(`Math.max(${leastAckPending}, prefetch * ${ackPendingOfPrefetch})`);
    const parse = (value: number) => configSchema.safeParse({ queues: { marketing_events: { prefetch: value } } });
    expect([parse(mostPrefetch).success, parse(mostPrefetch + 1).success]).toEqual([true, false]);
  });

  it('rejects values out of range, all at once', () => {
    const wrong = { ...receipts, emailsPerDay: -1, peakFactor: 0.5, transactionalShare: 1.2, retentionDays: NaN };
    expect(() => estimate(wrong)).toThrow(
      [
        '--emails-per-day: -1 is out of range; use a number from 0 to 1000G, such as 100M',
        '--peak: 0.5 is out of range; use from 1 (no peak) to 86400 (all within a second)',
        '--transactional: 1.2 is out of range; use from 0% to 100%',
        '--retention: NaN is out of range; use from 1h to 3650d, such as 30d',
      ].join('\n'),
    );
  });
});

describe('the price of Actions', () => {
  it('is that of the list at every edge, and continues with its last price', () => {
    const millions = [0, 5, 6, 10, 11.25, 20, 50, 100, 200, 201];
    expect(millions.map((million) => Math.round(dollarsForActions(million * 1e6)))).toEqual([
      0, 250, 295, 475, 525, 875, 1_925, 3_425, 5_925, 5_950,
    ]);
  });

  it('is to be negotiated above 200 million, and not at 200 million', () => {
    const monthOf = (actions: number) => estimate({ ...receipts, emailsPerDay: actions / 2 / 30 }, figures).cloud;
    expect(monthOf(200e6).negotiated).toBe(false);
    expect(monthOf(200e6 + 60).negotiated).toBe(true);
  });
});

describe('rivulet capacity', () => {
  it('prints what docs/scale.md shows, to the letter', () => {
    const page = readFileSync(new URL('../docs/scale.md', import.meta.url), 'utf8');
    const [, shown] =
      /```sh\nnpx --no rivulet capacity --emails-per-day 100M --journeys 20M\n```\n\n```text\n([^]*?)\n```/.exec(
        page,
      ) ?? [];
    expect(shown).toBe(capacity('--emails-per-day', '100M', '--journeys', '20M'));
  });

  it('prints the estimate as JSON', () => {
    const args = ['--emails-per-day', '2.5k', '--journeys', '1G', '--people', '3M', '--emails-per-journey', '4'];
    const more = ['--peak', '2.5', '--transactional', '10%', '--inline', '80%', '--retention', '36h'];
    const found = JSON.parse(capacity(...args, ...more, '--remember-sends', '31d', '--json')) as Estimate;
    expect(found.load).toMatchObject({ emailsPerDay: 2_500, openJourneys: 1e9, people: 3e6, emailsPerJourney: 4 });
    expect(found.load).toMatchObject({ peakFactor: 2.5, transactionalShare: 0.1, inlineShare: 0.8 });
    expect(found.load).toMatchObject({ retentionDays: 1.5, rememberSendsDays: 31, streamDays: 7 });
    expect(found).toEqual(estimate(found.load));
  });

  it('takes the retention of the ledger from the configuration', () => {
    const { load } = JSON.parse(capacity('--emails-per-day', '1k', '--journeys', '7', '--json')) as Estimate;
    expect(load).toMatchObject({ rememberSendsDays: 60, people: 7 });
  });

  it('names the cost of each line that has one', () => {
    const text = capacity('--emails-per-day', '1M', '--journeys', '1M');
    for (const { value, unit, basis } of Object.values(costs))
      expect(text).toContain(`${value.toLocaleString('en-US')} ${unit} (${basis[0]})`);
  });

  it.each([
    ['--emails-per-day lots', "'--emails-per-day <count>' argument 'lots' is invalid. Use a number"],
    ['--emails-per-day 5K', "argument '5K' is invalid. Use a number, optionally with k, M or G"],
    ['--emails-per-day 2000G', '--emails-per-day: 2000000000000 is out of range'],
    ['--journeys -3', "argument '-3' is invalid. Use a number"],
    ['--transactional 20', 'Use a percentage with its sign, such as 20%'],
    ['--inline 101%', '--inline: 1.01 is out of range; use from 0% to 100%'],
    ['--retention 30', 'Use a duration, such as 36h or 30d'],
    ['--peak high', 'Use a number, such as 4 or 2.5'],
    ['--emails-per-journey 0', '--emails-per-journey: 0 is out of range; use from 1 to 1000'],
  ])('rejects %s', (args, message) => {
    expect(() => capacity('--emails-per-day', '1', '--journeys', '1', ...args.split(' '))).toThrow(message);
  });

  it('needs the number of emails', () => {
    expect(() => capacity('--journeys', '1')).toThrow("required option '--emails-per-day <count>' not specified");
  });
});

it('docs/scale.md names metrics that exist', () => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const exported = read('ingress/metrics.ts') + read('worker/run-worker.ts');
  const named = new Set(read('docs/scale.md').match(/\brivulet_[a-z_]+/g));
  expect(named.size).toBeGreaterThan(9);
  for (const name of named) expect(exported).toContain(`'${name}'`);
});

it('numbers are written as people read them', () => {
  expect([0, 0.01, 0.34, 1, 47.2, 4_629.6, 9_999, 13_249, 999_999, 6.15e9].map(inWords)).toEqual(
    '0|under 0.1|0.3|1|47|4,630|9,999|13.2k|1M|6.15G'.split('|'),
  );
  expect([0, 999, 1_000, 999_999, 80e9, 1.94e13].map(inBytes).join()).toBe('0 B,999 B,1 KB,1 MB,80 GB,19.4 TB');
});

/** Returns what the command prints. Throws its usage errors. */
function capacity(...args: string[]): string {
  const lines: string[] = [];
  const program = new Command('rivulet').exitOverride();
  addCapacity(program, { root: '.', env: {}, print: (line) => void lines.push(line) });
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeErr: () => {} });
  program.parse(['capacity', ...args], { from: 'user' });
  return lines.join('\n');
}

/** Returns where a value is neither a finite number nor a boolean. */
function strangeIn(value: unknown, name = 'estimate'): string[] {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'boolean' || Number.isFinite(value) ? [] : [name];
  return Object.entries(value).flatMap(([key, part]) => strangeIn(part, `${name}.${key}`));
}
