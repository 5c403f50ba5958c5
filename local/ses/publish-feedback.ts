import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsAccess } from '../../config/nats-access.ts';
import { openJetStream, openNats } from '../../runtime/nats-connection.ts';
import type { SesEvent } from './feedback.ts';
import { FeedbackOutbox } from './feedback-outbox.ts';

const CAPACITY = 100_000;
const PUBLISH_TIMEOUT_MS = 2000;
const CONNECT_RETRY_MS = 500;

export interface FeedbackPublisher {
  publish(event: SesEvent): void;
  close(): Promise<void>;
}

/** Publishes SES events to JetStream. NATS, or the stream, may come later or go away in between. */
export function feedbackPublisher(access: NatsAccess, onTrouble: (error: unknown) => void): FeedbackPublisher {
  const closing = new AbortController();
  const connection = connectWhenPossible(access, onTrouble, closing.signal);
  const client = connection.then(async (nats) => nats && (await openJetStream(nats, access, PUBLISH_TIMEOUT_MS)).js);
  const outbox = new FeedbackOutbox({
    capacity: CAPACITY,
    onTrouble,
    publish: async ({ id, subject, payload }) => store(await client, subject, id, payload),
  });
  return {
    publish: (event) =>
      outbox.post({ id: feedbackId(event), subject: subjectOf(event), payload: JSON.stringify(event) }),
    async close() {
      const grace = setTimeout(() => closing.abort(), PUBLISH_TIMEOUT_MS);
      await outbox.close(PUBLISH_TIMEOUT_MS);
      clearTimeout(grace);
      closing.abort();
      await (await connection)?.close();
    },
  };
}

async function store(client: JetStreamClient | undefined, subject: string, id: string, payload: string): Promise<void> {
  if (!client) throw new Error('Closed before NATS could be reached.');
  await client.publish(subject, payload, { msgID: id, timeout: PUBLISH_TIMEOUT_MS });
}

/** With the type in the subject, complaints and bounces do not wait behind deliveries. */
export function subjectOf({ eventType }: SesEvent): string {
  return `marketing.feedback.ses.${eventType.toLowerCase()}`;
}

/** Once connected, the client reconnects for ever by itself; only the first time has to be waited for here. */
async function connectWhenPossible(
  access: NatsAccess,
  onTrouble: (error: unknown) => void,
  closing: AbortSignal,
): Promise<NatsConnection | undefined> {
  for (let reported = ''; !closing.aborted;) {
    try {
      return await openNats(access, 'ses', { timeout: PUBLISH_TIMEOUT_MS });
    } catch (error) {
      const { message } = error as Error;
      if (message !== reported) onTrouble(error);
      reported = message;
      await sleep(CONNECT_RETRY_MS, undefined, { signal: closing }).catch(() => undefined);
    }
  }
  return undefined;
}

/** An id that depends on nothing but the event, so that JetStream drops a second copy of it. */
export function feedbackId(event: SesEvent): string {
  return `ses:${createHash('sha256').update(JSON.stringify(event)).digest('hex').slice(0, 40)}`;
}
