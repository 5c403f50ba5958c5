import type { NatsConnection } from '@nats-io/transport-node';

import { normalise } from '../../ingress/feedback/normalise.ts';

export interface HeardFeedback {
  /** The types told of a mail, in their order: `send`, `delivery`. */
  of(messageId: string): string[];
}

/** Listens to what the provider tells, from now on. What comes by SQS or SNS passes the same subject. */
export async function hearFeedback(connection: NatsConnection): Promise<HeardFeedback> {
  const heard = new Map<string, string[]>();
  const subscription = connection.subscribe('marketing.feedback.>', {
    callback: (error, message) => {
      if (error) return;
      for (const feedback of normalise(message.data)) {
        if (feedback.type === 'notice' || feedback.messageId === undefined) continue;
        const types = heard.get(feedback.messageId) ?? [];
        heard.set(feedback.messageId, [...types, feedback.type]);
      }
    },
  });
  await connection.flush();
  const refused = subscription.isClosed() ? await subscription.closed : undefined;
  if (refused instanceof Error) throw refused;
  return { of: (messageId) => heard.get(messageId) ?? [] };
}
