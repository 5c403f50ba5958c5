import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { FaultAction } from '../../local/ses/faults.ts';
import { messageKey, messageTag } from '../../store/message-key.ts';
import { orderCompleted, person, signedUp } from '../support/events.ts';
import { begun, lastWaitOf, tryNow, waitOf } from '../support/runs.ts';
import { type ProductProcess, startSystem, type System } from '../support/system.ts';
import { markdownTable } from '../support/markdown-table.ts';

let system: System;
let worker: ProductProcess;

beforeAll(async () => {
  system = await startSystem(inject('servers'), { settleAfter: '4s', probeEvery: '1s' });
  [, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

/** What SES does to a mail, and what came of it. */
interface Row {
  says: string;
  fault: FaultAction;
  /** How often; once when left out. */
  times?: number;
  /** So long a wait that the test cuts it short, in seconds: at least, at most. */
  longWait?: [number, number];
  template?: 'receipt' | 'welcome';
  /** The answer does not say whether SES took it. Five of these in a row would close a gate. */
  inDoubt?: boolean;
  /** It stays in doubt: an operator gives it up. */
  givenUp?: boolean;
}

const error = (name: string, status: number, message: string): FaultAction => ({
  type: 'error',
  name,
  status,
  message,
});
const html = (status: number): FaultAction => ({ type: 'html-error', status });
const refusal = (name: string, status: number, message: string, more: Partial<Row> = {}): Row => ({
  says: `\`${name}\` ${status}: ${message}`,
  fault: error(name, status, message),
  ...more,
});

const unverified = 'Email address is not verified. The following identities failed the check in region EU-CENTRAL-1:';

/** Rows that concern one mail: all at the same time. */
const ofOneMail = (recipient: string): Row[] => [
  refusal('TooManyRequestsException', 429, 'Maximum sending rate exceeded.', { times: 2 }),
  refusal('ThrottlingException', 400, 'Rate exceeded'),
  refusal('Throttling', 400, 'Maximum sending rate exceeded.'),
  refusal('TooManyRequestsException', 429, 'Please slow down.', { longWait: [30, 60] }),
  refusal('ThrottlingException', 400, 'The service is busy.', { longWait: [30, 60] }),
  refusal('LimitExceededException', 400, 'Too many instances of the resource.', { longWait: [300, 600] }),
  { says: 'an HTML page with 429', fault: html(429) },
  refusal('MessageRejected', 400, 'Email content is not allowed.', { times: 9 }),
  {
    says: '`MessageRejected` 400: not verified, and only the recipient is named (the sandbox)',
    fault: error('MessageRejected', 400, `${unverified} ${recipient}`),
    times: 9,
  },
  refusal('BadRequestException', 400, 'Invalid header.', { times: 9 }),
  refusal('InternalServiceErrorException', 500, 'Internal.', { inDoubt: true }),
  refusal('InternalFailure', 500, 'Internal.', { inDoubt: true }),
  { says: 'an HTML page with 500', fault: html(500), inDoubt: true },
  { says: 'an HTML page with 502', fault: html(502), inDoubt: true },
  { says: 'an HTML page with 504', fault: html(504), inDoubt: true },
  refusal('ServiceUnavailable', 503, 'Busy.', { times: 3 }),
  { says: 'an HTML page with 503', fault: html(503) },
  refusal('TeapotException', 400, 'A name that nobody knows.', { inDoubt: true }),
  refusal('UnknownError', 418, 'A status that nobody knows.', { inDoubt: true }),
  { says: 'an HTML page with 404', fault: html(404), inDoubt: true },
  { says: 'resets the connection, has not taken it', fault: { type: 'reset-before-accept' }, inDoubt: true },
  { says: 'resets the connection, has taken it', fault: { type: 'reset-after-accept' }, inDoubt: true },
  {
    says: 'is silent beyond the time-out, has not taken it',
    fault: { type: 'stall', ms: 60_000, accept: false },
    inDoubt: true,
  },
  {
    says: 'is silent beyond the time-out, has taken it',
    fault: { type: 'stall', ms: 60_000, accept: true },
    inDoubt: true,
  },
  { says: 'takes it after the time-out', fault: { type: 'slow', ms: 2_600 }, inDoubt: true },
  { says: '200 with a body that cannot be read', fault: { type: 'broken-body' } },
  { says: '200, and resets in the middle of the body', fault: { type: 'reset-mid-reply' } },
];

/** Rows that stop everybody until the quota has room: at the same time, but not with others. */
const ofTheQuota: Row[] = [
  refusal('TooManyRequestsException', 429, 'Daily message quota exceeded.'),
  refusal('ThrottlingException', 400, 'Daily message quota exceeded.'),
  refusal('LimitExceededException', 400, 'Daily sending quota exceeded.'),
];

/** Rows that close a gate: one after the other. */
const ofTheAccount: Row[] = [
  refusal('LimitExceededException', 400, 'Too many instances of the resource.', { times: 2, longWait: [300, 600] }),
  {
    says: '`MessageRejected` 400: not verified, and the From address is named',
    fault: error('MessageRejected', 400, `${unverified} hello@example.com`),
  },
  {
    says: "`MessageRejected` 400: not verified, and the sender's domain is named",
    fault: error('MessageRejected', 400, `${unverified} example.com`),
  },
  refusal('MailFromDomainNotVerifiedException', 400, 'No MX record.'),
  refusal('AccountSuspendedException', 400, 'Permanently restricted.'),
  refusal('SendingPausedException', 400, 'Email sending is disabled for this account.'),
  refusal('SendingPausedException', 400, 'Email sending is disabled for the configuration set.'),
  refusal('NotFoundException', 404, 'Configuration set <rivulet> does not exist.'),
  refusal('AccessDeniedException', 403, 'Not authorized to perform ses:SendEmail.'),
  refusal('UnrecognizedClientException', 403, 'The security token is invalid.'),
  refusal('ExpiredTokenException', 403, 'The security token is expired.', { times: 2 }),
  refusal('SignatureDoesNotMatch', 403, 'The signature does not match.'),
  { says: 'an HTML page with 403', fault: html(403) },
];

interface Attempt {
  row: Row;
  runId: string;
  key: string;
  tag: string;
}

/** Publishes the event of one row, whose mail meets the fault of the row. */
async function begin(row: Row, who = person('ada')): Promise<Attempt> {
  const { template = 'receipt' } = row;
  const event = template === 'receipt' ? orderCompleted(who) : signedUp(who);
  const key = messageKey(event.event_id, template);
  const tag = messageTag(key);
  const match = { tag: { 'rivulet-key': tag } };
  system.ses.faults.add({ match, probability: 0, action: row.fault }); // does nothing but count requests
  system.ses.faults.add({ match, times: row.times ?? 1, action: row.fault });
  await system.publish(event);
  await expect.poll(() => begun(system.client, event.event_id), { timeout: 20_000 }).toBe(true);
  return { row, runId: event.event_id, key, tag };
}

const requestsOf = ({ tag }: Attempt) =>
  system.ses.faults.describe().rules.find((rule) => rule.match?.tag?.['rivulet-key'] === tag)?.matched ?? 0;

/** The worker's log about one mail. */
function logOf({ key }: Attempt): Record<string, unknown>[] {
  return worker
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(key))
    .map((line) => JSON.parse(line));
}

/** Cuts a long wait short, after having seen what it is. */
async function cutShort(attempt: Attempt, [least, most]: [number, number]): Promise<string> {
  const wait = () => waitOf(system.client, attempt.runId);
  await expect.poll(wait, { timeout: 20_000 }).toBeDefined();
  const { type = '', forMs = 0 } = (await wait()) ?? {};
  expect(forMs, attempt.row.says).toBeGreaterThanOrEqual(least * 1_000);
  expect(forMs, attempt.row.says).toBeLessThanOrEqual(most * 1_000);
  await tryNow(system.client, attempt.runId);
  return `waits: ${type}, ${least} to ${most} s`;
}

/** The lines of a run's life that the table shows. */
async function lifeOf(attempt: Attempt): Promise<string[]> {
  const { row, runId } = attempt;
  const life: string[] = [];
  if (row.longWait) life.push(await cutShort(attempt, row.longWait));
  if (row.givenUp) {
    await expect.poll(() => system.store.sends.decide(attempt.tag, 'give_up'), { timeout: 40_000 }).toBe(true);
    life.push('waits: InDoubt, for a day or until an operator decides');
  }
  if (row.template === 'welcome') {
    await expect.poll(() => ended(attempt), { timeout: 100_000 }).toBeDefined();
    return [...life, String(ended(attempt))];
  }
  const result = await system.client.workflow
    .getHandle(runId)
    .result()
    .catch((error: { cause?: { type?: string } }) => `fails: ${error.cause?.type}`);
  const wait = await lastWaitOf(system.client, runId);
  if (wait && !(row.longWait && (row.times ?? 1) === 1)) life.push(`waits: ${wait}`);
  // While the feed reports, it decides or the email is repeated, whichever is first: the table does not depend on that.
  const marked = !system.ses.faults.describe().events && logOf(attempt).some((line) => line['possible_duplicate']);
  const again = marked ? ', marked as a possible duplicate' : '';
  return [...life, `${result}${again}`];
}

const ended = (attempt: Attempt) => logOf(attempt).find(({ msg }) => msg === 'email.ended')?.['outcome'];

/** One line of the table, once the run has ended. `gate`: what closed meanwhile. */
async function lineOf(attempt: Attempt, gate = ''): Promise<string[]> {
  const life = await lifeOf(attempt);
  const log = logOf(attempt);
  const kinds = new Set(log.filter(({ msg }) => msg === 'email.send_failed').map(({ failure }) => String(failure)));
  const alert = log.some(({ msg }) => String(msg).startsWith('provider.unknown_answer')) ? ', alert' : '';
  const mails = system.ses.record.stats().byTag[attempt.tag] ?? 0;
  const kind = [...kinds].map((name) => `\`${name}\``).join(', ') + alert;
  return [attempt.row.says, kind || 'none', gate, String(requestsOf(attempt)), String(mails), life.join('; ')];
}

async function together(rows: Row[], who = person('ada')): Promise<string[][]> {
  const attempts = await Promise.all(rows.map((row) => begin(row, who)));
  await expect.poll(() => attempts.every((attempt) => requestsOf(attempt) > 0), { timeout: 30_000 }).toBe(true);
  // Later emails, of later minutes, so that the feed is proven complete past those in doubt.
  const later = setInterval(() => void system.publish(orderCompleted(person('grace'))), 3_000);
  try {
    return await Promise.all(attempts.map((attempt) => lineOf(attempt)));
  } finally {
    clearInterval(later);
  }
}

/** Those that are never in doubt at the same time, the others four at a time. */
function groupsOf(rows: Row[]): Row[][] {
  const doubtful = rows.filter(({ inDoubt }) => inDoubt);
  const fours = Array.from({ length: Math.ceil(doubtful.length / 4) }, (_, i) => doubtful.slice(4 * i, 4 * i + 4));
  return [rows.filter(({ inDoubt }) => !inDoubt), ...fours];
}

const probed = new Set<string>();

/**
 * Closes a gate and opens it: the first of each kind that a probe can open by that probe, for it takes seconds, the rest by
 * hand. Then the next row may close the next one.
 */
async function alone(row: Row): Promise<() => Promise<string[]>> {
  const attempt = await begin(row);
  const line = lineOf(attempt);
  await expect.poll(() => system.store.stops.gates(), { timeout: 30_000, interval: 20 }).toHaveLength(1);
  const [gate] = await system.store.stops.gates();
  const kind = String(gate?.scope.split(':')[0]);
  if (gate?.opens !== 'probe' || probed.has(kind)) await system.store.stops.open(String(gate?.scope));
  else probed.add(kind);
  await expect.poll(() => system.store.stops.gates(), { timeout: 30_000, interval: 20 }).toEqual([]);
  return async () => {
    const [says = '', failure = '', , ...rest] = await line;
    return [
      says,
      failure,
      `\`${gate?.scope}\`, opened by ${gate?.opens === 'probe' ? 'a probe' : 'a person'}`,
      ...rest,
    ];
  };
}

async function oneByOne(rows: Row[]): Promise<string[][]> {
  const lines: (() => Promise<string[]>)[] = [];
  for (const row of rows) lines.push(await alone(row));
  return Promise.all(lines.map((line) => line()));
}

/** Nothing listens where SES should be, until the run waits; then something does. */
async function refusedConnection(): Promise<string[]> {
  await worker.stop();
  const { host } = new URL(system.ses.url);
  const relay = await system.relayToAddress(host);
  relay.cut();
  worker = await system.startWorker({ AWS_ENDPOINT_URL_SESV2: `http://${relay.address}` });
  const attempt = await begin({ says: 'refuses the connection', fault: { type: 'slow', ms: 0 } });
  await expect
    .poll(async () => (await waitOf(system.client, attempt.runId))?.type, { timeout: 20_000 })
    .toBe('ProviderUnavailable');
  await relay.mend();
  return lineOf(attempt);
}

/** Both classes of mail, while SES tells nothing of what became of mails. */
async function silentFeed(): Promise<string[][]> {
  system.ses.faults.setEvents(false);
  const lost: FaultAction[] = [{ type: 'reset-before-accept' }, { type: 'reset-after-accept' }];
  const rows = (['receipt', 'welcome'] as const).flatMap((template) =>
    lost.map((fault): Row => {
      const kind = template === 'receipt' ? 'transactional' : 'marketing';
      return {
        says: `${fault.type === 'reset-before-accept' ? 'has not' : 'has'} taken it: ${kind}`,
        fault,
        template,
        givenUp: kind === 'marketing',
      };
    }),
  );
  const attempts = await Promise.all(rows.map((row) => begin(row)));
  return Promise.all(attempts.map((attempt) => lineOf(attempt)));
}

const columns = ['What SES does', 'Kind', 'Gate', 'Requests', 'Mails', 'What the run saw'];

describe('every answer of SES', () => {
  it('means for a mail what docs/failure-table.md says', async () => {
    const ada = person('ada');
    const rows = ofOneMail(ada.email);
    const lines = new Map<string, string[]>();
    for (const group of groupsOf(rows)) {
      for (const line of await together(group, ada)) lines.set(line[0] ?? '', line);
    }
    const mail = rows.map(({ says }) => lines.get(says) ?? []);
    const quota = await together(ofTheQuota);
    const expired = await together([refusal('ExpiredTokenException', 403, 'The security token is expired.')]);
    const account = await oneByOne(ofTheAccount);
    const silent = await silentFeed();
    system.ses.faults.setEvents(true);
    const refused = await refusedConnection();
    await expect(`# What each answer of SES means for a mail

A test writes this file: \`test/e2e/failure-table.test.ts\`, which runs every line through the whole system. The trouble
passes after the first request, unless the run fails; what is tried more often says so by its number of requests.

${markdownTable(columns, [...mail, refused, ...quota, ...expired, ...account])}

## While the event feed is silent

The answer was lost (the connection was reset), and SES tells nothing of what became of mails.

${markdownTable(columns, silent)}
`).toMatchFileSnapshot('../../docs/failure-table.md');
  }, 400_000);
});
