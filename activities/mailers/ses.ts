import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { messageTagName } from '../../state/keys.ts';
import { MailerError } from '../failures.ts';
import type { Mail, Mailer } from './mailer.ts';
import { encodeDisplayName } from './mime-words.ts';
import { classifySesError } from './ses-errors.ts';

export interface SesSettings {
  configurationSet: string;
  /** How long one call may take, in milliseconds. */
  requestTimeoutMs: number;
  /** Sends under way at once; each needs a socket. */
  concurrency: number;
}

/**
 * Amazon SES v2. Region, credentials and endpoint come from the AWS SDK's own environment variables.
 * The SDK's retries are off: it would repeat a request whose answer was lost, and that is a second mail.
 */
export function createSesMailer(settings: SesSettings): Mailer {
  const sockets = { keepAlive: true, maxSockets: settings.concurrency };
  const client = new SESv2Client({
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      requestTimeout: settings.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent(sockets),
    }),
  });
  return {
    async send(mail) {
      try {
        const reply = await client.send(toCommand(mail, settings.configurationSet));
        if (!reply.MessageId)
          throw new MailerError({ kind: 'accepted_id_unknown' }, 'SES answered 200 without a MessageId');
        return reply.MessageId;
      } catch (error) {
        throw error instanceof MailerError ? error : classifySesError(error, mail);
      }
    },
    close: () => client.destroy(),
  };
}

function toCommand(mail: Mail, configurationSet: string): SendEmailCommand {
  const utf8 = (text: string) => ({ Data: text, Charset: 'UTF-8' });
  return new SendEmailCommand({
    FromEmailAddress: encodeDisplayName(mail.from),
    Destination: { ToAddresses: [mail.to] },
    Content: {
      Simple: {
        Subject: utf8(mail.subject),
        Body: { Html: utf8(mail.html), Text: utf8(mail.text) },
        Headers: mail.headers.map(({ name, value }) => ({ Name: name, Value: value })),
      },
    },
    ConfigurationSetName: configurationSet,
    EmailTags: [{ Name: messageTagName, Value: mail.tag }],
  });
}
