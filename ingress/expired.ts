import type { JetStreamManager } from '@nats-io/jetstream';

import { eventConsumers } from './consumers.ts';

/** Between them, these two are delivered every message: one those with a type in their subject, the other those without. */
const readers = eventConsumers().filter(({ kind }) => kind !== 'lane');

/** Messages that left the stream before an ingress had read them: they were older than `max_age`, or somebody purged it. */
export interface Expired {
  messages: number;
  /** Their last place in the stream. */
  upTo: number;
}

/**
 * Counts up to the last message that was read, so it may count too few, never one that was read. Rejects when the stream or a
 * consumer is missing. Returns the same again until the next message is read.
 */
export async function expiredUnread(manager: JetStreamManager, stream: string): Promise<Expired> {
  const infos = await Promise.all(readers.map(({ name }) => manager.consumers.info(stream, name)));
  const read = Math.max(...infos.map(({ delivered }) => delivered.stream_seq));
  const { first_seq } = (await manager.streams.info(stream)).state;
  const upTo = first_seq - 1;
  return { messages: Math.max(0, upTo - read), upTo };
}
