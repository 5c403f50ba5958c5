import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import type { SendEmailCommandInput, SendEmailCommandOutput } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, beforeEach } from 'vitest';

import { startSesStandIn } from '../../local/ses/stand-in.ts';
import type { SesStandIn, SesStandInOptions } from '../../local/ses/stand-in.ts';

/** The stand-in for SES, and a client of it, for the tests of a file. Each begins without mails and without faults. */
export interface LocalSes {
  standIn: SesStandIn;
  ses: SESv2Client;
  send(input: SendEmailCommandInput): Promise<SendEmailCommandOutput>;
  /** The error that it gives, or `accepted`. */
  refusal(input: SendEmailCommandInput): Promise<unknown>;
}

export function localSes(options: SesStandInOptions = {}): LocalSes {
  const local = {
    send: (input: SendEmailCommandInput) => local.ses.send(new SendEmailCommand(input)),
    refusal: (input: SendEmailCommandInput) =>
      local.send(input).then(
        () => 'accepted',
        (error: unknown) => error,
      ),
  } as LocalSes;
  beforeAll(async () => {
    local.standIn = await startSesStandIn(options);
    local.ses = sesClient(local.standIn.url);
  });
  beforeEach(() => {
    local.standIn.faults.clear();
    local.standIn.mailbox.clear();
  });
  afterAll(async () => {
    local.ses.destroy();
    await local.standIn.close();
  });
  return local;
}

/** One that does not try again. */
export const sesClient = (endpoint: string) =>
  new SESv2Client({
    endpoint,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

type Simple = NonNullable<NonNullable<SendEmailCommandInput['Content']>['Simple']>;

export function welcome(
  change: Partial<SendEmailCommandInput> = {},
  message: Partial<Simple> = {},
): SendEmailCommandInput {
  return {
    FromEmailAddress: 'Rivulet <hello@example.com>',
    Destination: { ToAddresses: ['ada@example.com'] },
    Content: { Simple: { Subject: { Data: 'Welcome' }, Body: { Text: { Data: 'Hello' } }, ...message } },
    ...change,
  };
}

export const to = (...ToAddresses: string[]) => ({ Destination: { ToAddresses } });
