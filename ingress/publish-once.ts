import { createHash } from 'node:crypto';

import type { JetStreamClient, JetStreamManager, PubAck } from '@nats-io/jetstream';

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
}

/**
 * Publishes a message that may be published several times. JetStream de-duplicates by `Nats-Msg-Id` over all subjects, whoever
 * publishes: a message of another producer with the same id would swallow this one. So what is stored under the id is compared
 * with what was published; if it is something else, the message is published under an id of its content.
 *
 * Resolves when JetStream has the message; `duplicate`: it had this very message before. Rejects when that is not known.
 */
export async function publishOnce({ js, manager }: Publisher, message: Publication): Promise<PubAck> {
  const { subject, id, bytes, timeoutMs: timeout } = message;
  const ack = await js.publish(subject, bytes, { msgID: id, timeout });
  if (!ack.duplicate) return ack;
  const stored = await manager.streams.getMessage(ack.stream, { seq: ack.seq });
  if (stored?.subject === subject && Buffer.compare(stored.data, bytes) === 0) return ack;
  const content = createHash('sha256').update(subject).update('\0').update(bytes).digest('base64url');
  return js.publish(subject, bytes, { msgID: `${id}:${content}`, timeout });
}
