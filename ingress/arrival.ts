import type { JsMsg, StoredMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

/** One failure of a message while everything that it needs was available, and how often it was met. */
export interface Failure {
  error: string;
  times: number;
}

/** A message as it arrived in the stream of events, wherever it waits now. */
export interface Arrival {
  stream: string;
  seq: number;
  /** When the stream stored it, in nanoseconds: with it, a sequence number is unique even when a stream is created again. */
  storedAt: number;
  subject: string;
  data: Uint8Array;
  /** The header block as it was sent, read by nobody yet: it may be unreadable. Empty without headers. */
  headerBytes: Uint8Array;
  deliveries: number;
  /** How often it has been tried and moved to the retries. */
  attempt: number;
  failures: readonly Failure[];
  /** Not to be processed before, Unix ms. */
  dueAt: number;
  /** Journeys that listen and were registered before, Unix ms, have been told already. */
  continueFrom?: number;
}

/** When it arrived, Unix ms. */
export function receivedAt({ storedAt }: Pick<Arrival, 'storedAt'>): number {
  return Math.floor(storedAt / 1_000_000);
}

/** Reads a message of the stream of events. Looks at no header. */
export function arrivalOf(message: JsMsg): Arrival {
  const { stream, streamSequence, timestampNanos, deliveryCount } = message.info;
  return {
    stream,
    seq: streamSequence,
    storedAt: timestampNanos,
    subject: message.subject,
    data: message.data,
    headerBytes: headerBytesOf(message),
    deliveries: deliveryCount,
    attempt: 0,
    failures: [],
    dueAt: 0,
  };
}

/** The client parses a header block or throws; it has no public way to the bytes. */
function headerBytesOf(message: JsMsg): Uint8Array {
  const { msg } = message as unknown as { msg: { _rdata?: Uint8Array; _msg: { hdr: number } } };
  const { _rdata: bytes = new Uint8Array(0), _msg: parsed } = msg;
  return bytes.subarray(0, Math.max(0, parsed.hdr)); // -1: no headers
}

const name = (field: string) => `Rivulet-Retry-${field}`;

/** The headers under which an arrival waits among the retries. Its own are carried as base64: they may be unreadable. */
export function retryHeaders(arrival: Arrival): MsgHdrs {
  const fields = headers();
  const values = {
    Stream: arrival.stream,
    Seq: arrival.seq,
    Time: arrival.storedAt,
    Subject: encodeURIComponent(arrival.subject),
    Deliveries: arrival.deliveries,
    Attempt: arrival.attempt,
    Due: arrival.dueAt,
    Failures: asciiJson(arrival.failures),
    ...(arrival.continueFrom !== undefined && { 'Continue-From': arrival.continueFrom }),
    Headers: Buffer.from(arrival.headerBytes).toString('base64'),
  };
  for (const [field, value] of Object.entries(values)) fields.set(name(field), String(value));
  return fields;
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** When a message of the retries arrived first, Unix ms; undefined for any other. */
export function firstArrival(message: Pick<StoredMsg, 'header'>): number | undefined {
  try {
    const storedAt = Number(message.header.get(name('Time')) || Number.NaN);
    return Number.isFinite(storedAt) ? receivedAt({ storedAt }) : undefined;
  } catch {
    return undefined; // unreadable headers
  }
}

/** Reads a message of the retries. Undefined when it was not published by an ingress. */
export function arrivalOfRetry(message: JsMsg): Arrival | undefined {
  try {
    return readRetry(message);
  } catch {
    return undefined;
  }
}

function readRetry(message: JsMsg): Arrival | undefined {
  const text = (field: string) => message.headers?.get(name(field)) ?? '';
  const number = (field: string) => {
    const value = Number(text(field) || Number.NaN);
    if (!Number.isFinite(value)) throw new Error(`${name(field)} is not a number`);
    return value;
  };
  const failures: unknown = JSON.parse(text('Failures'));
  if (!Array.isArray(failures) || text('Stream') === '' || text('Subject') === '') return undefined;
  return {
    stream: text('Stream'),
    seq: number('Seq'),
    storedAt: number('Time'),
    subject: decodeURIComponent(text('Subject')),
    data: message.data,
    headerBytes: Buffer.from(text('Headers'), 'base64'),
    deliveries: number('Deliveries'),
    attempt: number('Attempt'),
    failures: failures.map(asFailure),
    dueAt: number('Due'),
    ...(text('Continue-From') !== '' && { continueFrom: number('Continue-From') }),
  };
}

function asFailure(value: unknown): Failure {
  const { error, times } = value as Partial<Record<keyof Failure, unknown>>;
  return { error: String(error), times: Number(times) || 1 };
}
