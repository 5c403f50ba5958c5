import { randomUUID } from 'node:crypto';

import { AckPolicy } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { consume } from '../ingress/consume.ts';
import { connectNats, consumerName, type JetStream } from '../ingress/nats.ts';
import { createLog } from '../runtime/log.ts';

let stream: JetStream;
beforeAll(async () => {
  stream = await connectNats(inject('servers').nats, 'test');
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

it('an ingress that stops while events come keeps none from the next one', async () => {
  for (let round = 0; round < 8; round++) {
    const { name, publish } = await ownStream();
    const stop = new AbortController();
    const taken = new Set<number>();
    const consuming = consume({
      stream,
      settings: { events: name, deadLetters: 'unused', maxAgeMs: 3_600_000, maxAckPending: 1_000 },
      concurrency: 20,
      provision: false,
      async takeIn(message) {
        taken.add(message.seq);
        await message.ackAck();
        return 'done';
      },
      probe: () => Promise.resolve(),
      onPause: () => undefined,
      log: createLog('test', 'silent'),
      stop: stop.signal,
    });
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
