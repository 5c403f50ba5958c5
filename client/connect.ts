import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

import type { EventType } from '../events/index.ts';
import type { Dropped } from '../events/forgiving.ts';
import { parseEvent } from '../events/parse.ts';
import { InvalidEventError } from './errors.ts';
import type { EventToPublish } from './event-to-publish.ts';
import { type Publisher, publishOnce } from './publish-once.ts';
import { retry } from './retry.ts';

export interface ConnectOptions {
  /** A URL, the options of the NATS client (credentials, TLS, several servers), or a connection of your own. */
  nats: string | NodeConnectionOptions | NatsConnection;
  /** How long to try to connect, and the default for how long to try to publish, in ms. Default: 10 seconds. */
  timeoutMs?: number;
}

export interface PublishOptions {
  /** How long to try, over all attempts, in ms. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Where JetStream has the event. */
export interface Published {
  stream: string;
  sequence: number;
  /** This event had been published before, within the last two minutes; nothing was stored again. */
  duplicate: boolean;
  /** Optional fields that Rivulet cannot use and will leave out, such as a time zone that does not exist, and probable typos. */
  dropped: readonly Dropped[];
}

export interface Client {
  /**
   * Publishes one event and resolves once JetStream has stored it. A failed attempt is repeated with the same `Nats-Msg-Id`, so that the
   * event is stored once. Throws InvalidEventError before anything is sent, UnavailableError at the deadline, RefusedError at once.
   */
  publish<T extends EventType>(type: T, event: EventToPublish<T>, options?: PublishOptions): Promise<Published>;
  /** Closes the connection, unless it is your own. */
  close(): Promise<void>;
}

/** One answer takes a millisecond; an attempt that was lost with its connection is given up after this. */
const attemptMs = 2_000;

/** Connects to NATS, trying until the deadline. Afterwards the client reconnects by itself, for as long as it takes. */
export async function connectClient({ nats, timeoutMs = 10_000 }: ConnectOptions): Promise<Client> {
  const given = isConnection(nats) ? nats : undefined;
  const connection = given ?? (await connectWithin(nats as string | NodeConnectionOptions, timeoutMs));
  const publisher: Publisher = {
    js: jetstream(connection),
    manager: await jetstreamManager(connection, { checkAPI: false, timeout: attemptMs }),
  };
  return {
    publish: async (type, event, options = {}) => {
      const { bytes, id, dropped } = written(type, event);
      const attempts = {
        what: `Could not publish ${type} ${id}`,
        remedy: 'The event may have been stored anyway: publish it again with the same event_id.',
        timeoutMs: options.timeoutMs ?? timeoutMs,
        signal: options.signal,
      };
      const { stream, seq, duplicate } = await retry(attempts, () =>
        publishOnce(publisher, {
          subject: `marketing.events.${type}`,
          id,
          bytes,
          timeoutMs: attemptMs,
          isSame: (stored) => isSameEvent(stored, bytes),
        }),
      );
      return { stream, sequence: seq, duplicate, dropped };
    },
    close: async () => {
      if (!given) await connection.close();
    },
  };
}

function isConnection(nats: ConnectOptions['nats']): nats is NatsConnection {
  return typeof nats === 'object' && 'publish' in nats;
}

async function connectWithin(nats: string | NodeConnectionOptions, timeoutMs: number): Promise<NatsConnection> {
  const options = typeof nats === 'object' ? nats : fromUrl(nats);
  const attempts = {
    what: 'Could not connect to NATS',
    remedy: 'Check that NATS is running and that the URL is correct.',
    timeoutMs,
  };
  return retry(attempts, () =>
    connect({
      name: 'rivulet-client',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      timeout: attemptMs,
      ...options,
    }),
  );
}

/** The NATS client reads no user, no password and no `tls:` from a URL, and takes long to find out that an address is none. */
function fromUrl(nats: string): NodeConnectionOptions {
  try {
    const servers = nats.split(',').map((server) => server.trim());
    const urls = servers.map((server) => new URL(server.includes('://') ? server : `nats://${server}`));
    if (urls.some(({ hostname }) => hostname === '')) throw new TypeError('no host');
    const [user, pass] = [urls[0]?.username ?? '', urls[0]?.password ?? ''].map(decodeURIComponent);
    return {
      servers: urls.map(({ host }) => host),
      ...(user && (pass ? { user, pass } : { token: user })),
      ...(urls.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    };
  } catch {
    // Without the address: it may hold a password.
    throw new TypeError('Invalid address of NATS: use nats://host:4222, or several separated by commas.');
  }
}

/** The event as it is sent, checked by the parser of the ingress: it refuses the same, and drops the same. */
function written(
  type: EventType,
  event: EventToPublish,
): { bytes: Uint8Array; id: string; dropped: readonly Dropped[] } {
  const bytes = new TextEncoder().encode(
    json({ ...event, event_type: type, timestamp: event?.timestamp ?? Date.now() }),
  );
  const read = parseEvent(bytes);
  if (!read.ok) throw new InvalidEventError(read.error, read.reason);
  return { bytes, id: read.parsed.event.event_id, dropped: read.parsed.dropped ?? [] };
}

function json(event: object): string {
  try {
    return JSON.stringify(event);
  } catch (error) {
    throw new InvalidEventError(`the event has no JSON: ${(error as Error).message.split('\n')[0]}`, 'invalid_json');
  }
}

/** A second call for the same event may have another `timestamp`. Whatever else differs is for the ingress to decide about. */
function isSameEvent(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [one, other].map(withoutTimestamp);
  return a !== undefined && a === b;
}

function withoutTimestamp(bytes: Uint8Array): string | undefined {
  try {
    const { timestamp: _, ...event } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return JSON.stringify(event);
  } catch {
    return undefined;
  }
}
