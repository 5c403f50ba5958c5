import { z } from 'zod';

import { mailboxText, readMailbox } from '../events/address.ts';

/** One mailbox, as a header has it: the domain in punycode. */
export const mailbox = z.string().transform((text, context) => {
  const read = readMailbox(text);
  if (read) return mailboxText(read);
  const message = 'must be one address, alone or as in "Ada Lovelace <ada@example.com>", without line breaks';
  context.issues.push({ code: 'custom', message, input: text });
  return z.NEVER;
});

/** Whose an email is, as its headers say. */
export interface Sender {
  /** Of the header `From`. */
  from: string;
  /** Of the header `Reply-To`; without it, replies go to `from`. */
  replyTo?: string;
}

/** What a template says of itself. */
interface Sent {
  topic?: string | undefined;
  from?: string | undefined;
  replyTo?: string | undefined;
}

interface Mailboxes {
  from?: string | undefined;
  reply_to?: string | undefined;
}

/** Gives whose an email is: of each header, what its template says, else its topic, else `provider`. */
export function sendersOf(config: {
  provider: Mailboxes & { from: string };
  topics: Readonly<Record<string, Mailboxes>>;
}): (template: Sent) => Sender {
  const { provider, topics } = config;
  return ({ topic, from, replyTo }) => {
    const ofTopic = topic === undefined ? undefined : topics[topic];
    const answersTo = replyTo ?? ofTopic?.reply_to ?? provider.reply_to;
    return {
      from: from ?? ofTopic?.from ?? provider.from,
      ...(answersTo !== undefined && { replyTo: answersTo }),
    };
  };
}
