import type { StoredMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

import { replaysOf } from '../../ingress/dead-letter.ts';

/** What the headers of a dead letter say. Texts are empty where the event was unreadable, or the ingress didn't write the letter. */
export interface Letter {
  /** Its sequence number in the stream of dead letters. */
  seq: number;
  /** When it was written, Unix ms. */
  at: number;
  reason: string;
  error: string;
  type: string;
  user: string;
  eventId: string;
  /** The subject that the message came on. */
  subject: string;
  /** How often it was replayed before. */
  replays: number;
  /** The size of the original body in bytes, if the letter has only its beginning. */
  truncatedFrom?: number;
}

/** A letter with the bytes and headers that it is stored with. */
export interface WholeLetter extends Letter {
  data: Uint8Array;
  fields: MsgHdrs;
  /** When the stream stored it, to the nanosecond. With the sequence number it names one letter, also after the stream was recreated. */
  storedAt: string;
}

interface StoredHeaders {
  seq: number;
  at: number;
  /** The subject of the letter itself. */
  subject: string;
  fields: MsgHdrs;
}

/** Reads the headers of a letter. */
export function letterOf({ seq, at, subject, fields }: StoredHeaders): Letter {
  const text = (name: string) => fields.get(`Rivulet-Dlq-${name}`);
  const truncatedFrom = Number(text('Truncated-From'));
  return {
    seq,
    at,
    reason: text('Reason') || subject.replace(/^marketing\.dlq\./, ''),
    error: text('Error'),
    type: text('Event-Type'),
    user: text('User-Id'),
    eventId: text('Event-Id'),
    subject: text('Subject'),
    replays: replaysOf(fields),
    ...(truncatedFrom > 0 && { truncatedFrom }),
  };
}

/** Reads a letter with its body. */
export function wholeLetterOf(message: StoredMsg): WholeLetter {
  const { seq, subject, data, time, timestamp } = message;
  const fields = readableHeaders(() => message.header);
  return { ...letterOf({ seq, at: time.getTime(), subject, fields }), data, fields, storedAt: timestamp };
}

/** The client throws for headers that it can't read; the ingress writes none such, but others can publish to the stream. */
export function readableHeaders(read: () => MsgHdrs | undefined): MsgHdrs {
  try {
    return read() ?? headers();
  } catch {
    return headers();
  }
}
