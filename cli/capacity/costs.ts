/** A figure that the model multiplies with. */
export interface Cost {
  value: number;
  unit: string;
  /**
   * `measured` by a bench of this repository; `derived` from measured figures or counted in the code; `assumed`: nobody has
   * measured it here; `listed` by who asks the price.
   */
  basis: 'measured' | 'derived' | 'assumed' | 'listed';
  where: string;
}

const bench =
  'npm run bench: 2 cores shared by all processes, Node 20.20, Temporal CLI 1.9.1, NATS 2.15.1, Redis 6.2.5';
const withPostgres = 'as a Postgres 15 with fsync on takes beside a server of its size; not measured here';
const histories = 'recorded histories (test/histories)';
const redisMemory = 'used_memory of Redis 6.2.5 over 20,000 of each';
const inTheCode = 'counted in the code';
const temporalCloud = "Temporal Cloud's price list, Business plan, November 2026";

/** By CPU, of one mail. What waits, retries or bounces costs more. */
const cpu = {
  workerMs: measured(8.8, 'CPU-ms a mail', bench),
  workerPatienceMs: assumed(5, 'CPU-ms more if patient', 'one more turn, one more activity'),
  workerWaitMs: assumed(2, 'CPU-ms a wait', 'one more turn'),
  serverMs: measured(12, 'CPU-ms a mail', `${bench}, on SQLite`),
  serverPatienceMs: assumed(10, 'CPU-ms more if patient', 'four more RPCs'),
  serverWaitMs: assumed(5, 'CPU-ms a wait', 'two more RPCs'),
  databaseMs: assumed(10, 'CPU-ms a mail', withPostgres),
  databasePatienceMs: assumed(8, 'CPU-ms more if patient', withPostgres),
  databaseWaitMs: assumed(4, 'CPU-ms a wait', 'as the database stands to the server for a mail'),
  ingressMs: measured(2.9, 'CPU-ms a mail', `${bench}; its event and its feedback included`),
  redisMs: measured(0.5, 'CPU-ms a mail', bench),
  natsMs: measured(0.7, 'CPU-ms a mail', bench),
} satisfies Record<string, Cost>;

/** What Temporal keeps and counts. `run` is paid once a run, `mail` for each mail, `patience` more for each by the patient path. */
const history = {
  runRpcs: derived(3, 'RPCs a run', `${bench}: 2, and one long poll`),
  patienceRpcs: derived(4, 'RPCs more if patient', 'one activity and one more turn, each polled for and answered'),
  waitRpcs: derived(2, 'RPCs a wait', `${bench}, drip: 1, and one long poll`),
  runEvents: measured(5, 'events a run', histories),
  mailEvents: measured(1, 'events a mail', histories),
  patienceEvents: measured(6, 'events more if patient', histories),
  waitEvents: measured(5, 'events a wait', histories),
  runBytes: derived(800, 'bytes a run', histories),
  mailBytes: derived(430, 'bytes a mail', histories),
  patienceBytes: derived(950, 'bytes more if patient', histories),
  waitBytes: derived(340, 'bytes a wait', histories),
  openBytes: assumed(4_000, 'bytes an open journey', 'its history and what a database keeps beside it'),
  runActions: listed(1, 'Action a run', temporalCloud),
  mailActions: listed(1, 'Action a mail', temporalCloud),
  patienceActions: listed(1, 'Action more if patient', temporalCloud),
  waitActions: listed(1, 'Action a wait', temporalCloud),
  writesOfRpc: assumed(2, 'database writes an RPC', 'one transaction, and the task that follows from it'),
  writesOfShard: assumed(20, 'writes a second and shard', 'a shard writes one after another, some ms each'),
} satisfies Record<string, Cost>;

/** What lies in Redis, and how often it is asked. */
const memory = {
  contactBytes: measured(680, 'bytes a person', `${redisMemory}; with the index of addresses`),
  consentBytes: measured(1_100, 'bytes a person', `${redisMemory}; one topic, what is in force and the log`),
  sendBytes: measured(393, 'bytes a mail', redisMemory),
  decisionBytes: measured(245, 'bytes an event', redisMemory),
  engagementBytes: measured(360, 'bytes an opened mail', `${redisMemory}; an open and a click`),
  openedShare: assumed(0.3, 'of the mails opened', 'machines open many more'),
  rememberOpensDays: derived(400, 'days', inTheCode),
  templatesBytes: assumed(10_000_000, 'bytes in all', 'a thousand versions, compressed'),
  mailCalls: measured(3, 'calls a mail', 'test/send-email-now.test.ts'),
  eventCalls: derived(6, 'calls an event', inTheCode),
  feedbackCalls: derived(2, 'calls a feedback event', inTheCode),
} satisfies Record<string, Cost>;

/** What passes through NATS. */
const stream = {
  eventBytes: assumed(600, 'bytes an event', 'an order.completed with contact and consent'),
  feedbackBytes: assumed(1_500, 'bytes a feedback event', 'events of the SES stand-in, as SES writes them'),
  feedbackEvents: assumed(4, 'feedback events a mail', 'Send, Delivery, Open, Click'),
} satisfies Record<string, Cost>;

/** What one process holds. */
const processes = {
  workerMemoryMb: measured(520, 'MB a process', `${bench}; with 1,000 workflows in its cache`),
  ingressMemoryMb: assumed(200, 'MB a process', 'Node with a full buffer of events'),
  ingressHoldsMs: assumed(50, 'ms an event is held', 'Redis and Temporal in the same region, under load'),
} satisfies Record<string, Cost>;

/** Every figure of the model that is not asked for. Change one here when a bench says otherwise. */
export const costs = { ...cpu, ...history, ...memory, ...stream, ...processes };
export type CostName = keyof typeof costs;

/** The values alone, for the model; a test passes figures that can be reckoned by hand. */
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
