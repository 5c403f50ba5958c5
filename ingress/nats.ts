import {
  DiscardPolicy,
  type JetStreamManager,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

import { type Publisher, publishOnce } from '../client/publish-once.ts';
import { missingPermission, type JetStream } from '../runtime/nats-connection.ts';
import { StartError } from '../runtime/stop-signal.ts';
import { type ConsumerSettings, provisionConsumers } from './provision-consumers.ts';

const minute = 60_000;

/** How long a dead letter can be looked at and replayed, in ms. */
export const deadLetterAgeMs = 30 * 24 * 60 * minute;

export interface StreamSettings extends ConsumerSettings {
  deadLetters: string;
  /** How long events stay, in milliseconds. */
  maxAgeMs: number;
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

/**
 * Creates the streams and consumers, or brings them up to date. Safe to call again at any time, by any number. Throws StartError
 * when this user of NATS may not.
 */
export async function provisionNats({ manager }: Pick<JetStream, 'manager'>, settings: StreamSettings): Promise<void> {
  try {
    await provision(manager, settings);
  } catch (error) {
    const missing = missingPermission(error);
    throw missing === undefined ? error : new StartError(missing);
  }
}

async function provision(manager: JetStreamManager, settings: StreamSettings): Promise<void> {
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
