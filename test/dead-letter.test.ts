import { randomUUID } from 'node:crypto';

import { jetstream, type JetStreamClient, type JsMsg, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { writeDeadLetter } from '../ingress/dead-letter.ts';
import { provisionNats } from '../ingress/nats.ts';

let nats: NatsConnection;
let js: JetStreamClient;

beforeAll(async () => {
  nats = await connect({ servers: inject('servers').nats });
  js = jetstream(nats);
  await provisionNats(
    { manager: await jetstreamManager(nats) },
    { events: 'MARKETING_EVENTS', deadLetters: 'MARKETING_DLQ', maxAgeMs: 604_800_000, maxAckPending: 1_000 },
  );
});
afterAll(() => nats.close());

/** A wrong event as ingress gets it: here a stored message, whose delivery ends nowhere. */
async function wrongEvent(): Promise<JsMsg> {
  const { seq } = await js.publish('marketing.events', `{ ${randomUUID()}`);
  const stored = await (await jetstreamManager(nats)).streams.getMessage('MARKETING_EVENTS', { seq });
  const info = { stream: 'MARKETING_EVENTS', streamSequence: seq, timestampNanos: seq, deliveryCount: 1 };
  return {
    data: stored?.data,
    subject: stored?.subject,
    headers: undefined,
    info,
    term: () => undefined,
  } as unknown as JsMsg;
}

async function lettersOf(message: JsMsg): Promise<number> {
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info('MARKETING_DLQ');
  let found = 0;
  for (let seq = state.first_seq; seq > 0 && seq <= state.last_seq; seq++) {
    const letter = await manager.streams.getMessage('MARKETING_DLQ', { seq });
    if (letter?.header.get('Rivulet-Dlq-Seq') === String(message.info.streamSequence)) found += 1;
  }
  return found;
}

function memoryOf(written: Set<string>) {
  return {
    deadLetters: {
      isWritten: async (id: string) => written.has(id),
      markWritten: async (id: string) => void written.add(id),
    },
  };
}

const write = (client: JetStreamClient, written: Set<string>, message: JsMsg) =>
  writeDeadLetter(client, memoryOf(written), message, 'invalid_json', 'the body is not valid JSON', 1024 * 1024);

it('an ingress that dies between writing the letter and ending the delivery writes no second one', async () => {
  const message = await wrongEvent();
  await write(js, new Set(), message); // it died before it could remember that the letter is written
  await write(js, new Set(), message);
  expect(await lettersOf(message)).toBe(1);
});

it('a wrong event that is seen again long after, by a consumer made anew, writes no second letter', async () => {
  const message = await wrongEvent();
  const written = new Set<string>();
  // Long after: NATS no longer recognises the message id.
  const forgetful = {
    publish: (subject, payload, options) =>
      js.publish(subject, payload, options?.headers && { headers: options.headers }),
  } as JetStreamClient;
  await write(forgetful, written, message);
  await write(forgetful, written, message);
  expect(await lettersOf(message)).toBe(1);
});
