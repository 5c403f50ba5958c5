import {
  DiscardPolicy,
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';

import { type Publisher, publishOnce } from '../client/publish-once.ts';
import { type ConsumerSettings, provisionConsumers } from './provision-consumers.ts';

const minute = 60_000;

/** How long a dead letter can be looked at and replayed, in ms. */
export const deadLetterAgeMs = 30 * 24 * 60 * minute;

export interface StreamSettings extends ConsumerSettings {
  deadLetters: string;
  /** How long events stay, in milliseconds. */
  maxAgeMs: number;
}

export interface JetStream {
  connection: NatsConnection;
  js: JetStreamClient;
  manager: JetStreamManager;
}

/** Connects, waiting for ever, and reconnects for ever: NATS being away is no reason to end. */
export async function connectNats(servers: string, name: string): Promise<JetStream> {
  const connection = await connect({
    servers: servers.split(','),
    name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: 500,
    pingInterval: 10_000,
    // A stack trace for each request would cost half of the throughput.
    noAsyncTraces: true,
    inboxPrefix: `_INBOX_${name}`,
  });
  return { connection, js: jetstream(connection), manager: await jetstreamManager(connection, { checkAPI: false }) };
}

/** A person is waiting for the page that publishes it. */
const publishWithinMs = 2_000;

/** Publishes an event as any service does. Resolves when JetStream has it. */
export async function publishEvent(
  stream: Publisher,
  event: { event_id: string; event_type: string },
  bytes: Uint8Array = new TextEncoder().encode(JSON.stringify(event)),
): Promise<PubAck> {
  return publishOnce(stream, {
    subject: `marketing.events.${event.event_type}`,
    id: event.event_id,
    bytes,
    timeoutMs: publishWithinMs,
  });
}

/** Creates the streams and consumers, or brings them up to date. Safe to call again at any time, by any number. */
export async function provisionNats({ manager }: Pick<JetStream, 'manager'>, settings: StreamSettings): Promise<void> {
  await ensureStream(manager, {
    name: settings.events,
    subjects: ['marketing.events', 'marketing.events.>', 'marketing.feedback.>'],
    retention: RetentionPolicy.Limits,
    max_age: nanos(settings.maxAgeMs),
    duplicate_window: nanos(2 * minute),
  });
  // No age: a message is deleted when it is acknowledged. However long an outage lasts, what waits for its end is kept.
  await ensureStream(manager, {
    name: settings.retries,
    subjects: ['marketing.retry.>'],
    retention: RetentionPolicy.Workqueue,
    duplicate_window: nanos(2 * minute),
  });
  await ensureStream(manager, {
    name: settings.deadLetters,
    subjects: ['marketing.dlq.>'],
    retention: RetentionPolicy.Limits,
    max_age: nanos(deadLetterAgeMs),
    duplicate_window: nanos(60 * minute),
  });
  await provisionConsumers(manager, settings);
}

async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  const wanted = { ...config, storage: StorageType.File, discard: DiscardPolicy.New, allow_direct: true };
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    if ((error as { code?: number }).code !== 10_058 /* the name is in use */) throw error;
    await manager.streams.update(config.name, wanted);
  }
}
