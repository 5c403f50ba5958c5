import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';

/** The durable consumer that all ingresses share. */
export const consumerName = 'ingress';

const minute = 60_000;

export interface StreamSettings {
  events: string;
  deadLetters: string;
  /** How long events stay, in milliseconds. */
  maxAgeMs: number;
  /** Unacknowledged events that all ingresses together may hold. */
  maxAckPending: number;
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
  { js }: Pick<JetStream, 'js'>,
  event: { event_id: string; event_type: string },
): Promise<void> {
  await js.publish(`marketing.events.${event.event_type}`, JSON.stringify(event), {
    msgID: event.event_id,
    timeout: publishWithinMs,
  });
}

/** Makes the streams and the consumer, or brings them up to date. Safe to call again at any time, by any number. */
export async function provisionNats({ manager }: Pick<JetStream, 'manager'>, settings: StreamSettings): Promise<void> {
  await ensureStream(manager, {
    name: settings.events,
    subjects: ['marketing.events', 'marketing.events.>', 'marketing.feedback.>'],
    max_age: nanos(settings.maxAgeMs),
    duplicate_window: nanos(2 * minute),
  });
  await ensureStream(manager, {
    name: settings.deadLetters,
    subjects: ['marketing.dlq.>'],
    max_age: nanos(30 * 24 * 60 * minute),
    duplicate_window: nanos(60 * minute),
  });
  await ensureConsumer(manager, settings);
}

async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  const wanted = {
    ...config,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    allow_direct: true,
  };
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    if (!exists(error)) throw error;
    await manager.streams.update(config.name, wanted);
  }
}

/**
 * No limit of deliveries: after one JetStream would keep the event but never show it again. Ingress itself decides, by
 * the delivery count, when to give up on an event, and then writes it to the dead letters.
 */
async function ensureConsumer(manager: JetStreamManager, settings: StreamSettings): Promise<void> {
  const config: Partial<ConsumerConfig> & { durable_name: string } = {
    durable_name: consumerName,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(30_000),
    max_ack_pending: settings.maxAckPending,
    max_deliver: -1,
    max_waiting: 512,
  };
  try {
    await manager.consumers.add(settings.events, config);
  } catch (error) {
    if (!exists(error)) throw error;
    await manager.consumers.update(settings.events, consumerName, config);
  }
}

/** JetStream's "name already in use" for a stream (10058) and for a consumer (10148, 10013 before 2.10). */
function exists(error: unknown): boolean {
  return [10058, 10148, 10013].includes((error as { code?: number }).code ?? 0);
}
