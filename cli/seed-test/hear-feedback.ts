import { connect } from '@nats-io/transport-node';

import { normalise } from '../../ingress/feedback/normalise.ts';
import { ServerAway } from '../wrong-use.ts';

export interface HeardFeedback {
  /** The types told of a mail, in their order: `send`, `delivery`. */
  of(messageId: string): string[];
  close(): Promise<void>;
}

/** Listens to what the provider tells, from now on. What comes by SQS or SNS passes the same subject. */
export async function hearFeedback(servers: string): Promise<HeardFeedback> {
  const connection = await connect({ servers: servers.split(','), name: 'rivulet-cli', timeout: 3_000 }).catch(() => {
    throw new ServerAway('NATS does not answer. Is `npm start` running in this folder? Else set NATS_URL.');
  });
  const heard = new Map<string, string[]>();
  connection.subscribe('marketing.feedback.>', {
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
  return { of: (messageId) => heard.get(messageId) ?? [], close: () => connection.close() };
}
