import { nanos } from '@nats-io/transport-node';
import { beforeEach, expect, it } from 'vitest';

import { expiredUnread } from '../ingress/expired.ts';
import { createIngressMetrics } from '../ingress/metrics.ts';
import { provisionNats } from '../ingress/nats.ts';
import { createLaneWatch } from '../ingress/watch-lanes.ts';
import { ownNats, streamSettings } from './support/own-nats.ts';

const nats = ownNats();
beforeEach(() => nats.reset());

const publish = async (count: number) => {
  for (let i = 0; i < count; i++) await nats.stream.js.publish('marketing.events.order.completed', 'x');
};

/** An ingress reads so many and goes away. */
async function read(count: number, by = 'ingress-unlisted'): Promise<void> {
  const consumer = await nats.stream.js.consumers.get(streamSettings.events, by);
  for await (const message of await consumer.fetch({ max_messages: count, expires: 3_000 })) await message.ackAck();
}

/** Everything that is in the stream becomes too old. */
async function expire(): Promise<void> {
  const { manager } = nats.stream;
  await manager.streams.update(streamSettings.events, { max_age: nanos(1_000), duplicate_window: nanos(1_000) });
  const messages = async () => (await manager.streams.info(streamSettings.events)).state.messages;
  await expect.poll(messages, { timeout: 10_000 }).toBe(0);
  await provisionNats(nats.stream, streamSettings);
}

it('counts what was deleted while no ingress ran, once, and not what was read', async () => {
  const metrics = createIngressMetrics();
  const logged: object[] = [];
  const log = { error: (what: object) => void logged.push(what), warn: () => {}, debug: () => {} };
  const watch = createLaneWatch(metrics, log as never);
  const counted = async () => (await metrics.expired.get()).values[0]?.value ?? 0;
  await publish(5);
  await read(3);
  await expire();
  await publish(4);
  expect(await expiredUnread(nats.stream.manager, streamSettings.events)).toEqual({ messages: 2, upTo: 5 });

  await watch.countExpired(nats.stream, streamSettings);
  await watch.countExpired(nats.stream, streamSettings);
  expect(await counted()).toBe(2);
  expect(logged).toEqual([{ messages: 2, up_to: 5 }]);

  await expire();
  await watch.countExpired(nats.stream, streamSettings);
  expect(await counted()).toBe(2 + 4);

  await publish(1);
  await read(1);
  await watch.countExpired(nats.stream, streamSettings);
  expect(await counted()).toBe(2 + 4);
  expect((await expiredUnread(nats.stream.manager, streamSettings.events)).messages).toBe(0);
});

it('counts nothing where producers name no type in the subject, and all of it was read', async () => {
  for (let i = 0; i < 3; i++) await nats.stream.js.publish('marketing.events', 'x');
  await read(3, 'ingress-unsorted');
  await expire();
  expect(await expiredUnread(nats.stream.manager, streamSettings.events)).toEqual({ messages: 0, upTo: 3 });
});
