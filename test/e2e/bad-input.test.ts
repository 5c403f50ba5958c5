import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { seededRandom } from '../../local/ses/random.ts';
import { event, orderCompleted, person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'));
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(() => system.stop());

interface DeadLetter {
  reason: string;
  error: string;
  body: Buffer;
  headers: Record<string, string>;
  subject: string;
}

/** The dead letters of one message of MARKETING_EVENTS, once there is at least one. */
async function deadLettersOf(seq: number): Promise<DeadLetter[]> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    const found = await readDeadLetters(seq);
    if (found.length > 0) return found;
  }
  return [];
}

async function readDeadLetters(seq: number): Promise<DeadLetter[]> {
  const { state } = await system.stream.manager.streams.info('MARKETING_DLQ');
  const found: DeadLetter[] = [];
  for (let at = state.first_seq; at > 0 && at <= state.last_seq; at++) {
    const message = await system.stream.manager.streams.getMessage('MARKETING_DLQ', { seq: at });
    if (message?.header.get('Rivulet-Dlq-Seq') !== String(seq)) continue;
    const headers = Object.fromEntries([...message.header].map(([name, values]) => [name, values.join(',')]));
    found.push({
      reason: headers['Rivulet-Dlq-Reason'] ?? '',
      error: headers['Rivulet-Dlq-Error'] ?? '',
      body: Buffer.from(message.data),
      headers,
      subject: message.subject,
    });
  }
  return found;
}

const good = () => event('order.completed', person('ada').user_id, { order_id: 'o', total: 1, currency: 'EUR' });
const without = (field: string) => Object.fromEntries(Object.entries(good()).filter(([name]) => name !== field));
const text = (value: unknown) => JSON.stringify(value);

const table: [what: string, body: string | Uint8Array, reason: string][] = [
  ['text that is not JSON', 'order completed', 'invalid_json'],
  ['an empty body', '', 'invalid_json'],
  ['a JSON array', text([good()]), 'not_an_object'],
  ['a JSON string', text('order.completed'), 'not_an_object'],
  ['no event_id', text(without('event_id')), 'invalid_event_id'],
  ['an empty event_id', text({ ...good(), event_id: '' }), 'invalid_event_id'],
  ['an event_id of 129 characters', text({ ...good(), event_id: 'e'.repeat(129) }), 'invalid_event_id'],
  ['an event_id with a slash', text({ ...good(), event_id: 'a/b' }), 'invalid_event_id'],
  ['an address as event_id', text({ ...good(), event_id: 'ada@example.com' }), 'invalid_event_id'],
  ['an address as user_id', text({ ...good(), user_id: 'ada@example.com' }), 'invalid_user_id'],
  ['an event type nobody knows', text({ ...good(), event_type: 'order.dreamt' }), 'unknown_event_type'],
  ['an order without a total', text({ ...good(), payload: { order_id: 'o', currency: 'EUR' } }), 'invalid_payload'],
  [
    'a total in words',
    text({ ...good(), payload: { order_id: 'o', total: 'one', currency: 'EUR' } }),
    'invalid_payload',
  ],
  ['a body of more than 256 KiB', text({ ...good(), extra: 'x'.repeat(256 * 1024) }), 'too_large'],
  ['a body as large as NATS takes', 'x'.repeat(1024 * 1024 - 200), 'too_large'],
  ['invalid UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'invalid_utf8'],
  ['a timestamp in seconds', text({ ...good(), timestamp: 1_795_513_848 }), 'invalid_timestamp'],
  ['a timestamp as text', text({ ...good(), timestamp: '2026-11-24T08:00:00Z' }), 'invalid_timestamp'],
];

describe('a wrong event', () => {
  it.each(table)('%s becomes one dead letter with a reason and its bytes', async (_, body, reason) => {
    const seq = await system.publishBytes(body, 'marketing.events', `wrong-${randomUUID()}`);
    const letters = await deadLettersOf(seq);
    expect(letters).toHaveLength(1);
    const [letter] = letters;
    expect(letter).toMatchObject({ reason, subject: `marketing.dlq.${reason}` });
    expect(letter?.error).not.toBe('');
    const original = Buffer.from(body);
    if (letter?.headers['Rivulet-Dlq-Truncated-From']) {
      expect(letter.headers['Rivulet-Dlq-Truncated-From']).toBe(String(original.length));
      expect(original.subarray(0, letter.body.length).equals(letter.body)).toBe(true);
    } else {
      expect(letter?.body.equals(original)).toBe(true);
    }
    expect(letter?.headers).toMatchObject({
      'Rivulet-Dlq-Stream': 'MARKETING_EVENTS',
      'Rivulet-Dlq-Subject': 'marketing.events',
      'Rivulet-Dlq-Deliveries': '1',
      'Rivulet-Dlq-Replays': '0',
    });
  });

  it('whose subject says something else than its body is a dead letter too', async () => {
    const seq = await system.publishBytes(text(good()), 'marketing.events.user.signed_up');
    expect((await deadLettersOf(seq)).map(({ reason }) => reason)).toEqual(['subject_mismatch']);
  });

  it.each([
    ['another person', { user_id: 'somebody-else' }],
    ['another type', { event_type: 'project.created', payload: { project_id: 'p' } }],
  ])('whose id was used for %s is a dead letter, and the first event is not touched', async (_, change) => {
    const who = person('ada');
    const first = orderCompleted(who);
    await system.publish(first);
    await expect.poll(() => system.ses.mailbox.list({ to: who.email }).length, { timeout: 30_000 }).toBe(1);
    const second = { ...first, ...change };
    const seq = await system.publishBytes(text(second), 'marketing.events', `reused-${randomUUID()}`);
    expect(await deadLettersOf(seq)).toMatchObject([
      { reason: 'event_id_reused', error: expect.stringContaining('order.completed') },
    ]);
    expect(system.ses.mailbox.list({ to: who.email })).toHaveLength(1);
  });

  it('keeps nobody waiting: the events around it become mails, and no letter is written twice', async () => {
    const people = Array.from({ length: 20 }, () => person('grace'));
    const wrong: number[] = [];
    for (const who of people) {
      wrong.push(await system.publishBytes('{', 'marketing.events.order.completed'));
      await system.publish(orderCompleted(who));
    }
    for (const { email } of people) {
      await expect.poll(() => system.ses.mailbox.list({ to: email }).length, { timeout: 30_000 }).toBe(1);
    }
    for (const seq of wrong) expect(await deadLettersOf(seq)).toHaveLength(1);
  });
});

/** RIVULET_TEST_DAMAGED=1000 is the long form. */
const damaged = Number(process.env['RIVULET_TEST_DAMAGED'] ?? 100);

/** What people put into optional fields. */
const odd = [
  'en_US',
  '',
  ' ',
  'null',
  'x'.repeat(20_000),
  0,
  -1,
  1.5,
  true,
  null,
  [],
  {},
  ['a'],
  { a: { b: [] } },
  '\u0000',
  '😀',
];

describe('an order whose optional fields are damaged', () => {
  it(`is a receipt all the same, ${damaged} times`, async () => {
    const random = seededRandom(16);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const people = Array.from({ length: damaged }, () => person('ada'));
    for (const who of people) {
      const contact = Object.fromEntries(
        ['name', 'locale', 'time_zone', 'country', 'nmae']
          .filter(() => random() < 0.5)
          .map((name) => [name, pick(odd)]),
      );
      const consent = Object.fromEntries(
        ['topics', 'source', 'captured_at', 'basis', 'ip', 'locale']
          .filter(() => random() < 0.5)
          .map((name) => [name, pick(odd)]),
      );
      const order = orderCompleted(who, { currency: pick(['EUR', 'eur', ' usd ']) });
      const payload = {
        ...order.payload,
        ...(random() < 0.5 && { items: pick(odd) }),
        ...(random() < 0.5 && { cart_id: pick(odd) }),
        contact: { ...contact, email: who.email },
        consent: random() < 0.2 ? pick(odd) : consent,
      };
      await system.publish({ ...order, payload, ...(random() < 0.5 && { metadata: pick(odd) }) });
    }
    const received = () => people.filter(({ email }) => system.ses.mailbox.list({ to: email }).length === 1).length;
    await expect.poll(received, { timeout: 300_000, interval: 500 }).toBe(damaged);
  }, 320_000);
});
