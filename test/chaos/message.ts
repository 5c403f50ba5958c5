import type { MsgHdrs } from '@nats-io/transport-node';

import type { JetStream } from '../../runtime/nats-connection.ts';

/** What is published: the bytes of a message, valid or not. */
export interface Message {
  /** Its `Nats-Msg-Id`: published again after a lost acknowledgement, it is still in the stream once. */
  id: string;
  subject: string;
  body: string | Uint8Array;
  /** A line of the header block as no client would write it. */
  brokenHeader?: string;
}

/** An event as producers publish it. */
export function messageOf(event: { event_id: string; event_type: string }): Message {
  const { event_id: id, event_type } = event;
  return { id, subject: `marketing.events.${event_type}`, body: JSON.stringify(event) };
}

const ackWithinMs = 2_000;

/** Resolves when JetStream has stored it. The header block is written here: a client would refuse to write a broken one. */
export async function publishMessage({ connection }: JetStream, message: Message): Promise<void> {
  const { id, subject, body, brokenHeader } = message;
  const lines = [`NATS/1.0`, `Nats-Msg-Id: ${id}`, ...(brokenHeader === undefined ? [] : [brokenHeader])];
  const block = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const headers = { encode: () => block } as unknown as MsgHdrs;
  const reply = await connection.request(subject, body, { headers, timeout: ackWithinMs });
  const ack = reply.json<{ error?: { description: string } }>();
  if (ack.error) throw new Error(ack.error.description);
}
