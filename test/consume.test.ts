import { randomUUID } from 'node:crypto';

import { AckPolicy } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { consume } from '../ingress/consume.ts';
import { inOrder } from '../ingress/in-order.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import { connectTo } from './support/connect-to.ts';
import { createLog } from '../runtime/log.ts';

const consumerName = 'ingress-transactional';
let stream: JetStream;
beforeAll(async () => {
  stream = await connectTo(inject('servers').nats);
});
afterAll(() => stream.connection.close());

/** A stream of its own with a consumer as every ingress shares one. */
async function ownStream(): Promise<{ name: string; publish: () => Promise<unknown> }> {
  const name = `STOP_${randomUUID()}`;
  await stream.manager.streams.add({ name, subjects: [`${name}.>`] });
  await stream.manager.consumers.add(name, {
    durable_name: consumerName,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 30_000_000_000, // nanoseconds
  });
  return { name, publish: () => stream.js.publish(`${name}.event`, 'x') };
}

/** Reads a stream until it is stopped. `taken` gets each message that was processed. */
function read(name: string, stop: AbortSignal, taken: (seq: number) => void, from: JetStream = stream): Promise<void> {
  return consume({
    stream: from,
    streamName: name,
    consumer: consumerName,
    places: 20,
    setbacksInARow: 10,
    inOrder: inOrder({ ofOnePerson: 1, inAll: 1 }),
    read(message) {
      const process = async () => {
        taken(message.seq);
        await message.ackAck();
        return 'processed' as const;
      };
      return { process, setAside: process };
    },
    probe: () => Promise.resolve(),
    provisionAgain: () => Promise.resolve(),
    onProcessed: () => undefined,
    onPause: () => undefined,
    log: createLog('test', 'silent'),
    stop,
  });
}

it('an ingress that stops while events come keeps none from the next one', async () => {
  for (let round = 0; round < 8; round++) {
    const { name, publish } = await ownStream();
    const stop = new AbortController();
    const taken = new Set<number>();
    const consuming = read(name, stop.signal, (seq) => taken.add(seq));
    const published = 200;
    const publishing = (async () => {
      for (let i = 0; i < published / 20; i++) await Promise.all(Array.from({ length: 20 }, publish));
    })();
    await expect.poll(() => taken.size, { interval: 2 }).toBeGreaterThan(20 + round);
    stop.abort();
    await Promise.all([consuming, publishing]);

    const left = published - taken.size;
    const next = await stream.js.consumers.get(name, consumerName);
    if (left > 0) {
      for await (const message of await next.fetch({ max_messages: left, expires: 3_000 })) {
        taken.add(message.seq);
        message.ack();
      }
    }
    expect(taken.size).toBe(published);
    await stream.manager.streams.delete(name);
  }
});

it('an ingress that is told to stop while it looks up its consumer stops', async () => {
  const { name } = await ownStream();
  const stop = new AbortController();
  const consumers = Object.create(stream.js.consumers) as typeof stream.js.consumers;
  consumers.get = async (...about) => {
    stop.abort();
    return stream.js.consumers.get(...about);
  };
  const js = Object.create(stream.js, { consumers: { value: consumers } }) as typeof stream.js;
  await read(name, stop.signal, () => undefined, { ...stream, js });
  await stream.manager.streams.delete(name);
});
