import { randomUUID } from 'node:crypto';

import { jetstream, type JetStreamClient, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { readableIds } from '../events/readable-ids.ts';
import { answer, type AnswerDependencies } from '../ingress/answer.ts';
import type { Arrival } from '../ingress/arrival.ts';
import { writeDeadLetter } from '../ingress/dead-letter.ts';
import { createIngressMetrics } from '../ingress/metrics.ts';
import { provisionNats } from '../ingress/nats.ts';
import { createLog } from '../runtime/log.ts';

let nats: NatsConnection;
let js: JetStreamClient;

beforeAll(async () => {
  nats = await connect({ servers: inject('servers').nats });
  js = jetstream(nats);
  await provisionNats(
    { manager: await jetstreamManager(nats) },
    {
      events: 'MARKETING_EVENTS',
      deadLetters: 'MARKETING_DLQ',
      maxAgeMs: 604_800_000,
      maxAckPending: 1_000,
      retries: 'MARKETING_RETRY',
    },
  );
});
afterAll(() => nats.close());

/** A wrong event as it was read from the stream. */
async function wrongEvent(change: Partial<Arrival> = {}): Promise<Arrival> {
  const { seq } = await js.publish('marketing.events', `{ ${randomUUID()}`);
  return {
    stream: 'MARKETING_EVENTS',
    seq,
    storedAt: seq,
    subject: 'marketing.events',
    data: new TextEncoder().encode('{'),
    headerBytes: new Uint8Array(0),
    deliveries: 1,
    attempt: 0,
    failures: [],
    dueAt: 0,
    ...change,
  };
}

async function lettersOf({ seq: wanted }: Arrival): Promise<StoredMsg[]> {
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info('MARKETING_DLQ');
  const found: StoredMsg[] = [];
  for (let seq = state.first_seq; seq > 0 && seq <= state.last_seq; seq++) {
    const letter = await manager.streams.getMessage('MARKETING_DLQ', { seq });
    if (letter?.header.get('Rivulet-Dlq-Seq') === String(wanted)) found.push(letter);
  }
  return found;
}

function memoryOf(written: Set<string>) {
  return {
    deadLetters: {
      isWritten: async (id: string) => written.has(id),
      markWritten: async (id: string) => void written.add(id),
    },
  };
}

const log = createLog('test', 'silent');
const write = (client: JetStreamClient, written: Set<string>, arrival: Arrival) =>
  writeDeadLetter(
    { js: client, store: memoryOf(written), maxPayload: () => 1024 * 1024, log },
    arrival,
    'invalid_json',
    'the body is not valid JSON',
  );

it('an ingress that dies between writing the letter and ending the delivery writes no second one', async () => {
  const message = await wrongEvent();
  await write(js, new Set(), message); // it died before it could remember that the letter is written
  await write(js, new Set(), message);
  expect(await lettersOf(message)).toHaveLength(1);
});

it('a wrong event that is seen again long after, by a consumer made anew, writes no second letter', async () => {
  const message = await wrongEvent();
  const written = new Set<string>();
  // Long after: NATS no longer recognises the message id.
  const forgetful = {
    publish: (subject, payload, options) =>
      js.publish(subject, payload, options?.headers && { headers: options.headers }),
  } as JetStreamClient;
  await write(forgetful, written, message);
  await write(forgetful, written, message);
  expect(await lettersOf(message)).toHaveLength(1);
});

const blockOf = (...lines: string[]) => new TextEncoder().encode(['NATS/1.0', ...lines, '', ''].join('\r\n'));

it('headers are kept, and those that steer JetStream are renamed', async () => {
  const headerBytes = blockOf('Traceparent: 00-1', 'Nats-Msg-Id: abc', 'X: 1', 'X: 2');
  const message = await wrongEvent({ headerBytes });
  await write(js, new Set(), message);
  const [letter] = await lettersOf(message);
  const header = (name: string) => letter?.header.values(name);
  expect([header('Traceparent'), header('Rivulet-Original-Nats-Msg-Id'), header('X')]).toEqual([
    ['00-1'],
    ['abc'],
    ['1', '2'],
  ]);
});

it.each([
  [
    'unreadable ones are kept as they were sent',
    new TextEncoder().encode('NATS/1.0\r\nA b: c\r\n\r\n'),
    /^unreadable$/,
  ],
  ['more than a letter can carry are cut', blockOf(`X: ${'x'.repeat(65_300)}`), /^unreadable, 24576 of 65\d{3} bytes$/],
])('headers: %s', async (_, headerBytes, said) => {
  const message = await wrongEvent({ headerBytes });
  expect(await write(js, new Set(), message)).toBe(true);
  const [letter] = await lettersOf(message);
  expect(letter?.header.get('Rivulet-Dlq-Headers')).toMatch(said);
  const kept = Buffer.from(letter?.header.get('Rivulet-Dlq-Headers-Base64') ?? '', 'base64');
  expect(kept).toEqual(Buffer.from(headerBytes.subarray(0, 24 * 1024)));
  expect(letter?.string()).toBe('{');
});

it('a message of which no letter can be written is given up after three, and a server that is unavailable is no reason', async () => {
  const message = await wrongEvent();
  let letters = 0;
  const refusing = {
    publish: async () => {
      letters += 1;
      throw new TypeError('no such letter');
    },
  } as unknown as JetStreamClient;
  expect(await write(refusing, new Set(), message)).toBe(false);
  expect(letters).toBe(3);
  const away = Object.assign(new Error('timeout'), { name: 'TimeoutError' });
  const unavailable = { publish: () => Promise.reject(away) } as unknown as JetStreamClient;
  await expect(write(unavailable, new Set(), message)).rejects.toBe(away);
});

describe('the ids of a refused event', () => {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const whole = { event_id: 'evt_1', event_type: 'order.completed', user_id: 'u_1', timestamp: 'soon', payload: {} };

  it('are headers of its letter, whatever the message itself says under these names', async () => {
    const headerBytes = blockOf('Rivulet-Dlq-User-Id: ada@example.com', 'Rivulet-Dlq-Event-Id: x');
    const message = await wrongEvent({ headerBytes, data: text({ ...whole, user_id: 'ada@example.com' }) });
    await write(js, new Set(), message);
    const [letter] = await lettersOf(message);
    const header = (name: string) => letter?.header.values(`Rivulet-Dlq-${name}`);
    expect([header('Event-Id'), header('Event-Type'), header('User-Id')]).toEqual([['evt_1'], ['order.completed'], []]);
  });

  it.each<[string, Uint8Array, object]>([
    ['of a JSON object', text(whole), { event_id: 'evt_1', event_type: 'order.completed', user_id: 'u_1' }],
    ['that are no ids are left out', text({ event_id: 'ada@example.com', user_id: 7, event_type: 'a b' }), {}],
    [
      'of broken JSON',
      new TextEncoder().encode('{"event_id": "evt_1", "user_id":"u_1",}'),
      { event_id: 'evt_1', user_id: 'u_1' },
    ],
    ['of broken JSON that names two', new TextEncoder().encode('{"event_id":"a"},{"event_id":"b"}'), {}],
    ['of an array', text([whole]), {}],
    [
      'of invalid UTF-8',
      Uint8Array.from([...text({ event_id: 'e' }).slice(0, -1), 0x2c, 0x22, 0xff]),
      { event_id: 'e' },
    ],
    ['of a prototype', text({ __proto__: { event_id: 'e' } }), {}],
  ])('%s', (_, bytes, ids) => {
    expect(readableIds(bytes)).toEqual(ids);
  });

  it('are in the log line of the refusal, and nothing else of it', async () => {
    const lines: Record<string, unknown>[] = [];
    const message = await wrongEvent({ data: text({ ...whole, payload: { contact: { email: 'ada@example.com' } } }) });
    const deps = {
      js,
      store: memoryOf(new Set()),
      maxPayload: () => 1024 * 1024,
      log: createLog('test', 'info', { write: (line: string) => void lines.push(JSON.parse(line)) }),
      metrics: createIngressMetrics(),
    } as unknown as AnswerDependencies;
    const delivery = { deliveries: 1, ack: async () => {}, term: () => {}, requeue: () => {} };
    const refused = { kind: 'refused', reason: 'invalid_timestamp', error: 'timestamp: must be an integer' } as const;
    expect(await answer(deps, 'marketing', message, delivery, async () => refused)).toBe('processed');
    expect(lines).toMatchObject([
      { msg: 'event.dead_lettered', event_id: 'evt_1', event_type: 'order.completed', user_id: 'u_1' },
    ]);
    expect(JSON.stringify(lines)).not.toContain('ada@example.com');
  });
});

it.each([
  ['2', '2'],
  ['many', '0'],
])('a message that says it was replayed %s times is a letter that says %s', async (said, kept) => {
  const message = await wrongEvent({ headerBytes: blockOf(`Rivulet-Dlq-Replays: ${said}`) });
  await write(js, new Set(), message);
  const [letter] = await lettersOf(message);
  expect(letter?.header.values('Rivulet-Dlq-Replays')).toEqual([kept]);
});
