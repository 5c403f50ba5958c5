import { GetAccountCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FaultAction, FaultPlanUpdate } from '../local/ses/faults.ts';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import type { SesStandIn } from '../local/ses/stand-in.ts';

let standIn: SesStandIn;
let ses: SESv2Client;

beforeEach(async () => {
  standIn = await startSesStandIn();
  ses = client();
});

afterEach(async () => {
  ses.destroy();
  await standIn.close();
});

function client(requestTimeout = 5000, endpoint = standIn.url): SESv2Client {
  return new SESv2Client({
    endpoint,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler({ requestTimeout, throwOnRequestTimeout: true }),
  });
}

function send(to = 'ada@example.com', tags: Record<string, string> = {}, from = ses) {
  return from.send(
    new SendEmailCommand({
      FromEmailAddress: 'hello@example.com',
      Destination: { ToAddresses: [to] },
      EmailTags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
      Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hi' } } } },
    }),
  );
}

const outcome = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
const accepted = () => standIn.record.stats().accepted;

describe('each error of SES is seen by its name and status, and nothing is accepted', () => {
  test.each([
    ['TooManyRequestsException', 429, 'Maximum sending rate exceeded.'],
    ['TooManyRequestsException', 429, 'Daily message quota exceeded.'],
    ['ThrottlingException', 400, 'Rate exceeded'],
    ['LimitExceededException', 400, 'Too many instances.'],
    ['AccountSuspendedException', 400, 'Suspended.'],
    ['SendingPausedException', 400, 'Paused.'],
    ['MessageRejected', 400, 'Email address is not verified.'],
    ['MailFromDomainNotVerifiedException', 400, 'No MX.'],
    ['BadRequestException', 400, 'Bad.'],
    ['NotFoundException', 404, 'Missing.'],
    ['AccessDeniedException', 403, 'Not authorized.'],
    ['ExpiredTokenException', 403, 'Expired.'],
    ['InternalServiceErrorException', 500, 'Internal.'],
    ['ServiceUnavailable', 503, 'Busy.'],
  ])('%s %i', async (name, status, message) => {
    standIn.faults.add({ action: { type: 'error', name, status, message } });
    await expect(send()).rejects.toMatchObject({ name, message, $metadata: { httpStatusCode: status } });
    expect(accepted()).toBe(0);
    expect(standIn.record.stats()).toMatchObject({ requests: { SendEmail: 1 }, refused: { [name]: 1 } });
  });
});

describe('what the client sees of a broken exchange, and whether the mail was accepted', () => {
  test.each<[FaultAction, number, object]>([
    [{ type: 'html-error', status: 502 }, 0, { $metadata: { httpStatusCode: 502 } }],
    [{ type: 'html-error', status: 504 }, 0, { $metadata: { httpStatusCode: 504 } }],
    [{ type: 'reset-before-accept' }, 0, { code: 'ECONNRESET' }],
    [{ type: 'reset-after-accept' }, 1, { code: 'ECONNRESET' }],
    [{ type: 'reset-mid-reply' }, 1, { $metadata: { httpStatusCode: 200 } }],
    [{ type: 'broken-body' }, 1, { name: 'SyntaxError', $metadata: { httpStatusCode: 200 } }],
    [{ type: 'stall', ms: 20, accept: true }, 1, { code: 'ECONNRESET' }],
    [{ type: 'stall', ms: 20, accept: false }, 0, { code: 'ECONNRESET' }],
  ])('%o accepts %i', async (action, mails, seen) => {
    standIn.faults.add({ action, times: 1 });
    await expect(send()).rejects.toMatchObject(seen);
    expect(accepted()).toBe(mails);

    // The next request is served again: a broken connection has broken nothing else.
    await expect(send()).resolves.toHaveProperty('MessageId');
  });
});

test('half a body is never completed, and the mail was accepted', async () => {
  standIn.faults.add({ action: { type: 'half-body' } });
  const patient = client(60_000);
  const reply = outcome(send('ada@example.com', {}, patient));
  await vi.waitFor(() => expect(accepted()).toBe(1));
  patient.destroy();
  expect(await reply).not.toBe('accepted');
});

test('a stalled reply outlasts the client, whose mail was accepted all the same', async () => {
  standIn.faults.add({ action: { type: 'stall', ms: 60_000, accept: true } });
  const impatient = client(100);
  expect(await outcome(send('ada@example.com', {}, impatient))).toBe('TimeoutError');
  expect(accepted()).toBe(1);
  impatient.destroy();
});

test('a slow SES accepts even when the client has given up', async () => {
  standIn.faults.add({ action: { type: 'slow', ms: 250 } });
  const impatient = client(50);
  expect(await outcome(send('ada@example.com', {}, impatient))).toBe('TimeoutError');
  expect(accepted()).toBe(0);
  await standIn.mailbox.waitFor({ to: 'ada@example.com' });
  impatient.destroy();
});

test('a refused mail is refused in its own words, even where a reply was to be lost', async () => {
  standIn.faults.add({ action: { type: 'reset-after-accept' } });
  expect(await outcome(send('nobody'))).toBe('BadRequestException');
});

test('paused requests wait until they are released, then are accepted once each', async () => {
  standIn.faults.add({ action: { type: 'pause' } });
  const waiting = [send('ada@example.com'), send('grace@example.com')];
  await vi.waitFor(() => expect(standIn.faults.held).toBe(2));
  expect(accepted()).toBe(0);

  standIn.faults.release();

  await Promise.all(waiting);
  expect(accepted()).toBe(2);
  expect(await outcome(send())).toBe('accepted');
});

test('a paused request whose client gave up is never accepted', async () => {
  standIn.faults.add({ action: { type: 'pause' } });
  const impatient = client(50);
  expect(await outcome(send('ada@example.com', {}, impatient))).toBe('TimeoutError');
  await vi.waitFor(() => expect(standIn.faults.held).toBe(0));
  standIn.faults.release();
  expect(accepted()).toBe(0);
  impatient.destroy();
});

test('closing ends what is paused or slow instead of waiting for it', async () => {
  standIn.faults.add({ match: { to: 'ada@example.com' }, action: { type: 'pause' } });
  standIn.faults.add({ match: { to: 'grace@example.com' }, action: { type: 'slow', ms: 60_000 } });
  const waiting = ['ada@example.com', 'grace@example.com'].map((to) => outcome(send(to)));
  await vi.waitFor(() => expect(standIn.faults.describe().rules.map((rule) => rule.fired)).toEqual([1, 1]));
  const started = Date.now();
  await standIn.close();
  await Promise.all(waiting);
  expect(Date.now() - started).toBeLessThan(5000);
});

const throttle: FaultAction = { type: 'error', name: 'TooManyRequestsException', status: 429, message: 'Slow down.' };

describe('a rule meets only what it names', () => {
  test('by recipient, whole or by pattern', async () => {
    standIn.faults.add({ match: { to: 'Ada@example.com' }, action: throttle });
    standIn.faults.add({ match: { to: /^grace/ }, action: throttle });
    standIn.faults.add({ match: { to: '/@test\\.example$/' }, action: throttle });
    const recipients = [
      'ada@example.com',
      'xada@example.com',
      'grace@example.com',
      'linus@test.example',
      'a@example.com',
    ];
    const outcomes = [];
    for (const to of recipients) outcomes.push(await outcome(send(to)));
    const no = 'TooManyRequestsException';
    expect(outcomes).toEqual([no, 'accepted', no, no, 'accepted']);
  });

  test('by tag', async () => {
    standIn.faults.add({ match: { tag: { 'rivulet-key': 'k1' } }, action: throttle });
    expect(await outcome(send('ada@example.com', { 'rivulet-key': 'k1' }))).toBe('TooManyRequestsException');
    expect(await outcome(send('ada@example.com', { 'rivulet-key': 'k2' }))).toBe('accepted');
  });

  test('by operation, SendEmail unless it says another', async () => {
    standIn.faults.add({ match: { operation: 'GetAccount' }, action: throttle });
    expect(await outcome(send())).toBe('accepted');
    expect(await outcome(ses.send(new GetAccountCommand({})))).toBe('TooManyRequestsException');
  });

  test('so many times, or every nth', async () => {
    standIn.faults.add({ times: 2, action: throttle });
    standIn.faults.add({ every: 3, action: { ...throttle, name: 'ThrottlingException' } });
    const outcomes = [];
    for (let n = 0; n < 8; n++) outcomes.push(await outcome(send()));
    const [first, third] = ['TooManyRequestsException', 'ThrottlingException'];
    expect(outcomes).toEqual([first, first, 'accepted', 'accepted', third, 'accepted', 'accepted', third]);
  });

  test('by chance, and the same seed gives the same chances', async () => {
    const run = async (seed: number) => {
      const take = standIn.faults.add({ probability: 0.5, seed, action: throttle });
      const outcomes = [];
      for (let n = 0; n < 20; n++) outcomes.push(await outcome(send()));
      take();
      return outcomes.join();
    };
    const first = await run(7);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
    expect(new Set(first.split(','))).toEqual(new Set(['accepted', 'TooManyRequestsException']));
  });

  test('the first that fires decides, and a rule can be taken away', async () => {
    const take = standIn.faults.add({ action: throttle });
    standIn.faults.add({ action: { ...throttle, name: 'ThrottlingException' } });
    expect(await outcome(send())).toBe('TooManyRequestsException');
    take();
    expect(await outcome(send())).toBe('ThrottlingException');
  });
});

test('latency is added to every request, within its jitter', async () => {
  const slow = await startSesStandIn({ latencyMs: 60, latencyJitter: 0.4 });
  const far = client(5000, slow.url);
  const started = performance.now();
  await far.send(new GetAccountCommand({}));
  expect(performance.now() - started).toBeGreaterThanOrEqual(35);
  far.destroy();
  await slow.close();
});

describe('the plan by HTTP', () => {
  const call = async (method: string, body?: FaultPlanUpdate | string) => {
    const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const reply = await fetch(`${standIn.url}/api/faults`, { method, ...init });
    return { status: reply.status, plan: (await reply.json()) as Record<string, unknown> };
  };

  test('is set, read with what has fired, and cleared', async () => {
    await call('PUT', { rules: [{ match: { to: '/^ada@/' }, times: 1, action: throttle }], events: false });
    expect(await outcome(send())).toBe('TooManyRequestsException');

    const { plan } = await call('GET');
    expect(plan).toMatchObject({ events: false, rules: [{ match: { to: '/^ada@/' }, matched: 1, fired: 1 }] });

    expect((await call('DELETE')).plan).toMatchObject({ events: true, rules: [] });
    expect(await outcome(send())).toBe('accepted');
  });

  test('keeps what an update leaves out', async () => {
    await call('PUT', { sendingEnabled: false });
    await call('PUT', { missingConfigurationSets: ['gone'] });
    expect((await call('GET')).plan).toMatchObject({ sendingEnabled: false, missingConfigurationSets: ['gone'] });
  });

  test('releases what is paused', async () => {
    await call('PUT', { rules: [{ action: { type: 'pause' } }] });
    const waiting = send();
    await vi.waitFor(() => expect(standIn.faults.held).toBe(1));
    await call('PUT', { release: true });
    await expect(waiting).resolves.toHaveProperty('MessageId');
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['an unknown action', '{"rules":[{"action":{"type":"explode"}}]}'],
    ['an unknown key', '{"rule":[]}'],
    ['a status that is no error', '{"rules":[{"action":{"type":"html-error","status":200}}]}'],
    ['a pattern that does not compile', '{"rules":[{"match":{"to":"/(/"},"action":{"type":"broken-body"}}]}'],
  ])('refuses %s and changes nothing', async (_, body) => {
    const { status, plan } = await call('PUT', body);
    expect(status).toBe(400);
    expect(plan).toEqual({ message: expect.any(String) });
    expect(standIn.faults.describe().rules).toEqual([]);
  });
});
