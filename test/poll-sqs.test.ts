import { once } from 'node:events';

import { SQSClient } from '@aws-sdk/client-sqs';
import { jetstream, type JetStreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';

import { type Polling, pollSqs, type SqsPolling } from '../ingress/feedback/poll-sqs.ts';
import { feedbackId, storeFeedback } from '../ingress/feedback/store.ts';
import { provisionNats } from '../ingress/nats.ts';
import { connectTo } from './support/connect-to.ts';
import { type SqsStandIn, startSqsStandIn } from './support/sqs-stand-in.ts';

let sqs: SqsStandIn;
let client: SQSClient;
let stop: AbortController;
let polling: Promise<void> | undefined;
let counted: string[];
let logged: [level: string, message: string][];

beforeEach(async () => {
  sqs = await startSqsStandIn();
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a-test-secret' };
  client = new SQSClient({
    endpoint: new URL(sqs.queueUrl).origin,
    region: 'eu-central-1',
    credentials,
    maxAttempts: 1,
  });
  stop = new AbortController();
  counted = [];
  logged = [];
});
afterEach(async () => {
  stop.abort();
  await polling;
  client.destroy();
  await sqs.goAway().catch(() => undefined);
});

function poll(
  store: SqsPolling['store'],
  settings: Pick<SqsPolling, 'client' | 'waitSeconds' | 'pollers'> = { client },
): Polling {
  const note = (level: string) => (_facts: unknown, message: string) => void logged.push([level, message]);
  const started = pollSqs({
    queueUrl: sqs.queueUrl,
    store,
    count: (result) => counted.push(result),
    log: { info: note('info'), warn: note('warn'), error: note('error') } as SqsPolling['log'],
    stop: stop.signal,
    maxBytes: () => 1_000,
    pollers: 1,
    ...settings,
  });
  polling = started.done;
  return started;
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const empty = () => vi.waitFor(() => expect(sqs.bodies()).toEqual([]), { timeout: 10_000 });
const errors = () => logged.filter(([level]) => level === 'error').map(([, message]) => message);

it('a message is deleted only after it is stored', async () => {
  sqs.send('a bounce');
  let stored = () => {};
  const asked = new Promise<void>((resolve) => {
    poll(() => {
      resolve();
      return new Promise<void>((done) => (stored = done));
    });
  });
  await asked;
  expect(sqs.bodies()).toEqual(['a bounce']);
  stored();
  await empty();
  expect(counted).toEqual(['stored']);
});

it('twenty-five messages are stored once each, by batches of ten', async () => {
  const bodies = Array.from({ length: 25 }, (_, index) => `event ${index} of ädä`);
  for (const body of bodies) sqs.send(body);
  const stored: string[] = [];
  poll(async (bytes) => stored.push(textOf(bytes)));
  await empty();
  expect(stored.toSorted()).toEqual(bodies.toSorted());
  expect(sqs.asked.slice(0, 3)).toEqual([10, 10, 10]);
});

it('a message that cannot be stored stays in the queue, comes again, and is said to wait once', async () => {
  sqs.hideFor(200);
  sqs.send('a complaint');
  let tries = 0;
  poll(async () => {
    if (++tries <= 2) throw new Error('NATS is away');
  });
  await empty();
  expect(sqs.received.get('a complaint')).toBe(3);
  expect(counted).toEqual(['store_failed', 'store_failed', 'stored']);
  expect(errors()).toEqual(['feedback waits in the queue until what is away is back']);
  // One at a time while it fails: each delivery brings a message nearer to being given up by the queue.
  expect(sqs.asked.slice(0, 3)).toEqual([10, 1, 1]);
});

it('of one batch only what could be stored is deleted', async () => {
  for (const body of ['one', 'two', 'three']) sqs.send(body);
  const deleted = once(sqs.events, 'delete');
  poll(async (bytes) => {
    if (textOf(bytes) === 'two') throw new Error('NATS is away');
  });
  await deleted;
  expect(sqs.bodies()).toEqual(['two']);
});

it('a queue that goes away and comes back is polled again, and said to be away once', async () => {
  sqs.send('before');
  const stored: string[] = [];
  poll(async (bytes) => stored.push(textOf(bytes)));
  await empty();
  await sqs.goAway();
  await vi.waitFor(() => expect(counted.filter((result) => result === 'queue_failed')).toHaveLength(2), 10_000);
  await sqs.comeBack();
  sqs.send('after');
  await empty();
  expect(stored).toEqual(['before', 'after']);
  expect(errors()).toHaveLength(1);
  await vi.waitFor(() => expect(logged.at(-1)).toEqual(['info', 'feedback from the queue is taken in again']));
});

it('a message that could not be deleted comes again, and lies in the stream once', async () => {
  const { connection, manager } = await connectTo(inject('servers').nats);
  const settings = { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ', maxAgeMs: 604_800_000 };
  await provisionNats({ manager }, { ...settings, maxAckPending: 1_000, retries: 'MARKETING_RETRY' });
  const body = JSON.stringify({ Type: 'Notification', MessageId: crypto.randomUUID(), Message: '{}' });
  sqs.hideFor(200);
  sqs.send(body);
  sqs.failDeletions(1);
  const results: string[] = [];
  poll(async (bytes) => results.push(await storeFeedback({ js: jetstream(connection), manager }, bytes)));
  await empty();
  expect(results).toEqual(['stored', 'stored_before']);
  expect(counted).toEqual(['stored', 'delete_failed', 'stored']);
  expect(await copiesOf(body, manager)).toBe(1);
  await connection.close();
});

async function copiesOf(body: string, manager: JetStreamManager): Promise<number> {
  const { state } = await manager.streams.info('MARKETING_EVENTS');
  let found = 0;
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage('MARKETING_EVENTS', { seq });
    if (message && textOf(message.data) === body) found += 1;
  }
  return found;
}

it('a message that is too large for the stream is left to the queue, and stops no other', async () => {
  const large = 'ä'.repeat(501);
  sqs.hideFor(200);
  sqs.send(large);
  sqs.send('small');
  const stored: string[] = [];
  poll(async (bytes) => stored.push(textOf(bytes)));
  await vi.waitFor(() => expect(sqs.bodies()).toEqual([large]));
  await vi.waitFor(() => expect(sqs.received.get(large)).toBeGreaterThan(1));
  expect(stored).toEqual(['small']);
  expect(counted.slice(0, 2).toSorted()).toEqual(['stored', 'too_large']);
  expect(sqs.asked.every((size) => size === 10)).toBe(true);
});

it('told to stop, it ends in the middle of a long poll', async () => {
  const polled = once(sqs.events, 'poll');
  poll(async () => undefined, { client, waitSeconds: 20 });
  await polled;
  const told = performance.now();
  stop.abort();
  await polling;
  expect(performance.now() - told).toBeLessThan(2_000);
  expect(counted).toEqual([]);
  expect(errors()).toEqual([]);
});

it('told to stop while it stores, it still deletes what is stored', async () => {
  sqs.send('the last');
  poll(async () => stop.abort());
  await polling;
  expect(sqs.bodies()).toEqual([]);
});

it('told to stop while it waits for what is away, it ends', async () => {
  await sqs.goAway();
  poll(async () => undefined);
  await vi.waitFor(() => expect(counted).toEqual(['queue_failed']));
  stop.abort();
  await polling;
});

it('eight receives side by side store each message once', async () => {
  const bodies = Array.from({ length: 200 }, (_, index) => `event ${index}`);
  for (const body of bodies) sqs.send(body);
  const stored: string[] = [];
  poll(async (bytes) => stored.push(textOf(bytes)), { client, pollers: 8 });
  await empty();
  expect(stored.toSorted()).toEqual(bodies.toSorted());
  expect(counted).toHaveLength(200);
});

it('while the stream is unavailable one of eight pollers tries, and says so once', async () => {
  sqs.hideFor(100);
  for (let index = 0; index < 80; index += 1) sqs.send(`event ${index}`);
  let isUp = false;
  poll(
    async () => {
      if (!isUp) throw new Error('NATS is away');
    },
    { client, pollers: 8 },
  );
  await vi.waitFor(() => expect(sqs.asked.filter((size) => size === 1).length).toBeGreaterThan(1), 10_000);
  expect(sqs.asked.filter((size) => size === 10).length).toBeLessThanOrEqual(8);
  isUp = true;
  await empty();
  expect(errors()).toEqual(['feedback waits in the queue until what is away is back']);
  await vi.waitFor(() => expect(logged.at(-1)).toEqual(['info', 'feedback from the queue is taken in again']));
});

it('what is old in the queue is not said to have been read before it is stored', async () => {
  const hour = 3_600_000;
  const lag = async (expected: (ms: number | undefined) => boolean) =>
    vi.waitFor(() => expect(expected(lagMs())).toBe(true), 10_000);
  const { lagMs } = poll(async () => undefined, { client, pollers: 4, waitSeconds: 1 });
  expect(lagMs()).toBeUndefined();
  await lag((ms) => ms !== undefined && ms < 30_000);
  sqs.send('a bounce of an hour ago', hour);
  await empty();
  await lag((ms) => ms !== undefined && ms >= hour);
});

it('given no client, it makes one that talks to the host in the URL of the queue', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-test-secret');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  sqs.send('a delivery');
  const stored: string[] = [];
  poll(async (bytes) => stored.push(textOf(bytes)), {});
  await empty();
  expect(stored).toEqual(['a delivery']);
  vi.unstubAllEnvs();
});

const sha = expect.stringMatching(/^sha256:[\w-]{43}$/);
it.each([
  ['by the MessageId of SNS', { Type: 'Notification', MessageId: 'a1-B2' }, 'sns:a1-B2'],
  ['by its bytes when that is no id', { Type: 'Notification', MessageId: 'a b' }, sha],
  ['by its bytes when that is too long', { Type: 'Notification', MessageId: 'a'.repeat(101) }, sha],
  ['by its bytes when it is the event itself', { eventType: 'Send', MessageId: 'a1-B2' }, sha],
  ['by its bytes when it is a list', [], sha],
])('feedback is named %s', (_name, body, id) => {
  expect(feedbackId(new TextEncoder().encode(JSON.stringify(body)))).toEqual(id);
});
