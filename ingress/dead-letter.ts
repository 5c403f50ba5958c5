import type { JetStreamClient } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

import { refusalReasons } from '../events/parse.ts';
import { type ReadableIds, readableIds } from '../events/readable-ids.ts';
import type { Logger } from '../runtime/log.ts';
import { unavailableCode } from '../runtime/unavailable.ts';
import type { Store } from '../store/store.ts';
import type { Arrival } from './arrival.ts';
import { readHeaderBlock } from './header-block.ts';
import { isFeedback } from './lanes.ts';

/** Why a message could not be processed: the last token of its dead-letter subject. */
export const deadLetterReasons = [
  ...refusalReasons,
  'subject_mismatch',
  'event_id_reused',
  'not_processable',
  'unusable_feedback',
] as const;
export type DeadLetterReason = (typeof deadLetterReasons)[number];

export interface DeadLetterDependencies {
  js: JetStreamClient;
  store: Pick<Store, 'deadLetters'>;
  /** The largest message that NATS accepts, in bytes. */
  maxPayload: () => number;
  log: Pick<Logger, 'warn'>;
}

/** NATS counts headers as part of the message. Rather a body that is cut by a few bytes than a letter that is refused. */
const headerRoom = 8 * 1024;

/** As many bytes of an unreadable header block are kept, as base64. JetStream takes 64 KiB of headers in all. */
const keptHeaderBytes = 24 * 1024;

/**
 * Writes a message that cannot be processed to the dead letters, once, with its original bytes and headers and the reason. A crash
 * before the message is answered does it again, and the second copy is recognised.
 *
 * Returns false when the message itself made three letters impossible, each simpler than the one before. Throws when a server is
 * unavailable.
 */
export async function writeDeadLetter(
  { js, store, maxPayload, log }: DeadLetterDependencies,
  arrival: Arrival,
  reason: DeadLetterReason,
  error: string,
): Promise<boolean> {
  const id = `dlq:${arrival.stream}:${arrival.seq}:${arrival.storedAt}`;
  if (await orElse(store.deadLetters.isWritten(id), false)) return true;
  const ids = idsOf(arrival);
  for (const letter of [withHeaders, withRawHeaders, withoutHeaders]) {
    try {
      const { fields, size } = letter(arrival);
      const room = Math.max(0, maxPayload() - headerRoom - size);
      const body = arrival.data.byteLength > room ? arrival.data.subarray(0, room) : arrival.data;
      describe(fields, arrival, { reason, error, ids, kept: body.byteLength });
      await js.publish(`marketing.dlq.${reason}`, body, { msgID: id, headers: fields });
      await orElse(store.deadLetters.markWritten(id), undefined);
      return true;
    } catch (failure) {
      if (unavailableCode(failure) !== undefined) throw failure;
      log.warn({ seq: arrival.seq, letter: letter.name, err: failure }, 'dead_letter.refused');
    }
  }
  return false;
}

/** A mark saves a second letter, no more: only an unavailable server keeps a letter from being written. */
async function orElse<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  return asked.catch((failure: unknown) => {
    if (unavailableCode(failure) !== undefined) throw failure;
    return otherwise;
  });
}

interface Letter {
  fields: MsgHdrs;
  /** About how many bytes the headers take. */
  size: number;
}

/** The original headers are kept. Those that steer JetStream are renamed: on a dead letter they would steer the wrong stream. */
function withHeaders(arrival: Arrival): Letter {
  const found = readHeaderBlock(arrival.headerBytes);
  if (found === undefined) return withRawHeaders(arrival);
  const fields = headers();
  for (const [name, value] of found) {
    fields.append(/^Nats-/i.test(name) ? `Rivulet-Original-${name}` : name, value);
  }
  return { fields, size: arrival.headerBytes.byteLength + found.length * 32 };
}

function withRawHeaders({ headerBytes }: Arrival): Letter {
  const fields = headers();
  const kept = Buffer.from(headerBytes.subarray(0, keptHeaderBytes)).toString('base64');
  const cut = headerBytes.byteLength > keptHeaderBytes ? `, ${keptHeaderBytes} of ${headerBytes.byteLength} bytes` : '';
  fields.set('Rivulet-Dlq-Headers', `unreadable${cut}`);
  fields.set('Rivulet-Dlq-Headers-Base64', kept);
  return { fields, size: kept.length };
}

function withoutHeaders({ headerBytes }: Arrival): Letter {
  const fields = headers();
  fields.set('Rivulet-Dlq-Headers', `left out, ${headerBytes.byteLength} bytes`);
  return { fields, size: 0 };
}

/** The ids of a refused event that can be read. What a provider reports has none. Never throws. */
export function idsOf({ subject, data }: Pick<Arrival, 'subject' | 'data'>): ReadableIds {
  return isFeedback(subject) ? {} : readableIds(data);
}

/** What is noted about a message in the headers of its letter. */
interface Note {
  reason: DeadLetterReason;
  error: string;
  ids: ReadableIds;
  /** Bytes of the body in the letter. */
  kept: number;
}

/** Replaces what the message itself says under these names, except how often it was replayed. */
function describe(fields: MsgHdrs, arrival: Arrival, { reason, error, ids, kept }: Note): void {
  const { byteLength } = arrival.data;
  const facts: Record<string, string | undefined> = {
    Reason: reason,
    Error: headerValue(error),
    Stream: arrival.stream,
    Seq: String(arrival.seq),
    Subject: headerValue(arrival.subject),
    Deliveries: String(arrival.deliveries),
    'Failed-At': new Date().toISOString(),
    Replays: String(replaysOf(fields)),
    'Event-Id': ids.event_id,
    'Event-Type': ids.event_type,
    'User-Id': ids.user_id,
    'Truncated-From': kept < byteLength ? String(byteLength) : undefined,
  };
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) fields.delete(`Rivulet-Dlq-${name}`);
    else fields.set(`Rivulet-Dlq-${name}`, value);
  }
}

/** How often a message was replayed, by its headers. A replay says so; what a producer writes there may be anything. */
export function replaysOf(fields: MsgHdrs | undefined): number {
  const text = fields?.get('Rivulet-Dlq-Replays') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

/** A header value: one line of ASCII, and no longer than eight errors are. */
function headerValue(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 3_000);
}
