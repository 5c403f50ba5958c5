/** A figure that the model multiplies with. */
export interface Cost {
  value: number;
  unit: string;
  /**
   * `measured` by a bench of this repository; `derived` from measured figures or counted in the code; `assumed`: not measured
   * here; `listed`: a list price.
   */
  basis: 'measured' | 'derived' | 'assumed' | 'listed';
  where: string;
}

const mail =
  'npm run bench -- mail --queued --emails 600 --rounds 5: 2 cores shared by everything, all servers with fsync, Node 20.20, Temporal CLI 1.9.1, NATS 2.15.1, Redis 6.2.5, Postgres 15.18';
const bytes =
  'npm run bench -- bytes --rows 5000: after VACUUM, heap and indexes; ids are UUIDs; machine as above, under load';
const withPostgres = 'Postgres 15 with fsync on, as Temporal Server would use it; not measured here';
const histories = 'recorded histories (test/histories)';
const inTheCode = 'counted in the code';
const temporalCloud = "Temporal Cloud's price list, Business plan, November 2026";

/** CPU of one email. Emails that wait, are retried or bounce cost more. */
const cpu = {
  workerMs: measured(11.7, 'CPU-ms an email', mail),
  workerQueuedMs: measured(5.1, 'CPU-ms more if queued', `${mail}; queued minus inline`),
  workerWaitMs: assumed(2, 'CPU-ms a wait', 'one more workflow task'),
  serverMs: measured(18.7, 'CPU-ms an email', `${mail}; on SQLite`),
  serverQueuedMs: measured(17.8, 'CPU-ms more if queued', `${mail}; queued minus inline`),
  serverWaitMs: assumed(5, 'CPU-ms a wait', 'two more RPCs'),
  databaseMs: assumed(10, 'CPU-ms an email', withPostgres),
  databaseQueuedMs: assumed(8, 'CPU-ms more if queued', withPostgres),
  databaseWaitMs: assumed(4, 'CPU-ms a wait', 'in proportion to the server, as for an email'),
  ingressMs: measured(4.9, 'CPU-ms an email', `${mail}; its event and its feedback included`),
  redisMs: measured(0.15, 'CPU-ms an email', mail),
  natsMs: measured(2, 'CPU-ms an email', mail),
} satisfies Record<string, Cost>;

/** What Temporal stores and counts. `run` is paid once a run, `email` for each email, `queued` in addition for each queued one. */
const history = {
  runRpcs: derived(3, 'RPCs a run', `${mail}: 2, and one long poll`),
  queuedRpcs: derived(4, 'RPCs more if queued', 'one activity and one more workflow task, each polled and answered'),
  waitRpcs: derived(2, 'RPCs a wait', 'npm run bench -- drip: 1, and one long poll'),
  runEvents: measured(5, 'events a run', histories),
  emailEvents: measured(1, 'events an email', histories),
  queuedEvents: measured(6, 'events more if queued', histories),
  waitEvents: measured(5, 'events a wait', histories),
  runBytes: derived(800, 'bytes a run', histories),
  emailBytes: derived(430, 'bytes an email', histories),
  queuedBytes: derived(950, 'bytes more if queued', histories),
  waitBytes: derived(340, 'bytes a wait', histories),
  openBytes: assumed(4_000, 'bytes an open journey', 'its history and what a database stores in addition'),
  runActions: listed(1, 'Action a run', temporalCloud),
  emailActions: listed(1, 'Action an email', temporalCloud),
  queuedActions: listed(1, 'Action more if queued', temporalCloud),
  waitActions: listed(1, 'Action a wait', temporalCloud),
  writesOfRpc: assumed(2, 'database writes an RPC', 'one transaction, and the task that follows from it'),
  writesOfShard: assumed(20, 'writes a second and shard', 'a shard writes one after another, some ms each'),
} satisfies Record<string, Cost>;

/** What the record in Postgres takes. A report is the provider's Send and Delivery events of one email together. */
const record = {
  personBytes: measured(2_830, 'bytes a person', `${bytes}; with one consent, its log and its fact`),
  openJourneyBytes: measured(410, 'bytes an open journey', bytes),
  sendBytes: measured(450, 'bytes an email', bytes),
  eventRowBytes: measured(710, 'bytes an event', `${bytes}; with its decision`),
  eventFactBytes: measured(430, "bytes an event's fact", bytes),
  emailFactBytes: measured(430, "bytes an email's fact", bytes),
  openRowBytes: measured(250, 'bytes an opened email', bytes),
  openFactBytes: measured(730, "bytes an open's fact", bytes),
  clickRowBytes: measured(230, 'bytes a clicked email', bytes),
  clickFactBytes: measured(670, "bytes a click's fact", bytes),
  openedShare: assumed(0.3, 'of emails opened', 'machines open many more'),
  clickedShare: assumed(0.03, 'of emails clicked', 'a tenth of the opens'),
  reportDays: derived(400, 'days', inTheCode),
  leastEventDays: derived(31, 'days at least', inTheCode),
  partitionDays: derived(31, 'days more', 'months are dropped as a whole'),
  emailStatements: measured(3, 'statements an email', bytes),
  eventStatements: derived(
    4,
    'statements an event',
    `${bytes}: 2; the contact, and the registration of every other run`,
  ),
  reportStatements: measured(3, "statements an email's reports", bytes),
  openStatements: measured(6, 'statements an open', bytes),
  clickStatements: measured(6, 'statements a click', bytes),
  emailWal: measured(1_470, 'WAL bytes an email', bytes),
  eventWal: measured(1_640, 'WAL bytes an event', bytes),
  reportWal: measured(360, "WAL bytes an email's reports", bytes),
  openWal: measured(1_460, 'WAL bytes an open', bytes),
  clickWal: measured(1_470, 'WAL bytes a click', bytes),
  emailPostgresMs: measured(1.3, 'CPU-ms an email', bytes),
  eventPostgresMs: measured(0.6, 'CPU-ms an event', bytes),
  reportPostgresMs: measured(0.6, "CPU-ms an email's reports", bytes),
  openPostgresMs: measured(1.1, 'CPU-ms an open', bytes),
  clickPostgresMs: measured(1.4, 'CPU-ms a click', bytes),
  connectionsOfProcess: derived(16, 'connections a process', inTheCode),
} satisfies Record<string, Cost>;

/** What Redis takes: an email is in it only while it waits for a slot. */
const rate = {
  redisCalls: measured(1, 'calls an email', bytes),
  waitingBytes: measured(270, 'bytes a waiting email', bytes),
  redisBaseBytes: assumed(10_000_000, 'bytes', 'an empty server with its connections'),
} satisfies Record<string, Cost>;

/** What passes through NATS. */
const stream = {
  eventBytes: assumed(600, 'bytes an event', 'an order.completed with contact and consent'),
  feedbackBytes: assumed(1_500, 'bytes a feedback event', 'events of the SES stand-in, as SES writes them'),
  feedbackEvents: assumed(4, 'feedback events an email', 'Send, Delivery, Open, Click'),
} satisfies Record<string, Cost>;

/** What one process holds. */
const processes = {
  workerMemoryMb: measured(520, 'MB a process', `${mail}; with 1,000 workflows in its cache`),
  ingressMemoryMb: assumed(200, 'MB a process', 'Node with a full buffer of events'),
  ingressHoldsMs: assumed(50, 'ms an event is processed', 'Postgres and Temporal in the same region, under load'),
} satisfies Record<string, Cost>;

/** Every figure of the model that is not an option. Change one here when a bench measures another value. */
export const costs = { ...cpu, ...history, ...record, ...rate, ...stream, ...processes };
export type CostName = keyof typeof costs;

/** The values alone, for the model; a test passes figures that can be checked by hand. */
export type Figures = Readonly<Record<CostName, number>>;
export const figures = Object.fromEntries(Object.entries(costs).map(([name, { value }]) => [name, value])) as Figures;

function measured(value: number, unit: string, where: string): Cost {
  return { value, unit, basis: 'measured', where };
}

function derived(value: number, unit: string, where: string): Cost {
  return { value, unit, basis: 'derived', where };
}

function assumed(value: number, unit: string, where: string): Cost {
  return { value, unit, basis: 'assumed', where };
}

function listed(value: number, unit: string, where: string): Cost {
  return { value, unit, basis: 'listed', where };
}
