import type { JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

import type { RefusalReason } from '../events/parse.ts';
import type { Memory } from '../state/memory.ts';

/** Why an event could not be taken in: the last token of its dead-letter subject. */
export type DeadLetterReason = RefusalReason | 'subject_mismatch' | 'not_processable' | 'unusable_feedback';

/** Room for headers below NATS's usual limit of 1 MiB for a whole message. */
const headerRoom = 8 * 1024;

/**
 * Writes an event that cannot be taken in to the dead letters, once, with its original bytes and headers and the reason,
 * and only then ends its delivery. A crash in between does it again, and the second copy is recognised.
 */
export async function writeDeadLetter(
  js: JetStreamClient,
  memory: Pick<Memory, 'deadLetters'>,
  message: JsMsg,
  reason: DeadLetterReason,
  error: string,
  maxPayload: number,
): Promise<void> {
  const { stream, streamSequence, timestampNanos } = message.info;
  const id = `dlq:${stream}:${streamSequence}:${timestampNanos}`;
  if (!(await memory.deadLetters.isWritten(id))) {
    const room = maxPayload - headerRoom - sizeOf(message.headers);
    const body = message.data.byteLength > room ? message.data.subarray(0, room) : message.data;
    await js.publish(`marketing.dlq.${reason}`, body, {
      msgID: id,
      headers: describe(message, reason, error, body.byteLength),
    });
    await memory.deadLetters.markWritten(id);
  }
  message.term(reason);
}

function sizeOf(original: MsgHdrs | undefined): number {
  return [...(original ?? [])].reduce(
    (sum, [name, values]) => sum + (name.length + 32) * values.length + values.join('').length,
    0,
  );
}

function describe(message: JsMsg, reason: string, error: string, kept: number): MsgHdrs {
  const described = headers();
  // The event's own Nats-… headers steer JetStream; on a dead letter they would steer the wrong stream.
  for (const [name, values] of message.headers ?? []) {
    const safe = /^Nats-/i.test(name) ? `Rivulet-Original-${name}` : name;
    for (const value of values) described.append(safe, value);
  }
  const { stream, streamSequence, deliveryCount } = message.info;
  const facts: Record<string, string> = {
    'Rivulet-Dlq-Reason': reason,
    'Rivulet-Dlq-Error': headerValue(error),
    'Rivulet-Dlq-Stream': stream,
    'Rivulet-Dlq-Seq': String(streamSequence),
    'Rivulet-Dlq-Subject': message.subject,
    'Rivulet-Dlq-Deliveries': String(deliveryCount),
    'Rivulet-Dlq-Failed-At': new Date().toISOString(),
    'Rivulet-Dlq-Replays': message.headers?.get('Rivulet-Dlq-Replays') || '0',
  };
  if (kept < message.data.byteLength) facts['Rivulet-Dlq-Truncated-From'] = String(message.data.byteLength);
  for (const [name, value] of Object.entries(facts)) described.set(name, value);
  return described;
}

/** A header value: one line, and no longer than a message should be. */
function headerValue(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 1_000);
}
