import { createHash } from 'node:crypto';

import type { JetStreamClient, JetStreamManager, PubAck, StoredMsg } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

import { innermost } from './innermost.ts';

export interface Publisher {
  js: JetStreamClient;
  manager: JetStreamManager;
}

export interface Publication {
  subject: string;
  /** The same for every copy of this message, and for no other. */
  id: string;
  bytes: Uint8Array;
  timeoutMs: number;
  /** Whether these bytes, stored under the same id and subject, are this message. By default they are if they are equal. */
  isSame?(stored: Uint8Array): boolean;
}

/**
 * Publishes a message that may be published several times. JetStream de-duplicates by `Nats-Msg-Id` over all subjects, whoever
 * publishes: a message of another producer with the same id would swallow this one. So what is stored under the id is compared
 * with what was published; if it is something else, or this user of NATS may not read it, the message is published under an id of
 * its content.
 *
 * Resolves when JetStream has the message; `duplicate`: it had this very message before. Rejects when that is not known.
 */
export async function publishOnce({ js, manager }: Publisher, message: Publication): Promise<PubAck> {
  const { subject, id, bytes, timeoutMs: timeout, isSame = (stored) => Buffer.compare(stored, bytes) === 0 } = message;
  const ack = await js.publish(subject, bytes, { msgID: id, timeout });
  if (!ack.duplicate) return ack;
  const stored = await readable(manager.streams.getMessage(ack.stream, { seq: ack.seq }));
  if (stored?.subject === subject && isSame(stored.data)) return ack;
  const content = createHash('sha256').update(subject).update('\0').update(bytes).digest('base64url');
  return js.publish(subject, bytes, { msgID: `${id}:${content}`, timeout });
}

/** Null for a message that this user may not read: producers need no right to read other producers' events. */
async function readable(stored: Promise<StoredMsg | null>): Promise<StoredMsg | null> {
  try {
    return await stored;
  } catch (error) {
    if (innermost(error) instanceof errors.PermissionViolationError) return null;
    throw error;
  }
}
