import { SendEmailCommand, type SESv2Client } from '@aws-sdk/client-sesv2';
import { afterEach, beforeEach, expect, vi } from 'vitest';

import type { SesEvent } from '../../local/ses/feedback.ts';
import { startSesStandIn } from '../../local/ses/stand-in.ts';
import type { SesStandIn } from '../../local/ses/stand-in.ts';
import { sesClient } from './local-ses.ts';

/** What a stand-in for SES announces of the mails it is sent; a new one for each test of a file. */
export interface AnnouncedEvents {
  standIn: SesStandIn;
  ses: SESv2Client;
  events: SesEvent[];
  /** Gives the id of the mail. */
  send(recipients: string[], more?: { set?: string; headers?: { Name: string; Value: string }[] }): Promise<string>;
  /** Resolves once so many events are there. */
  received(count: number): Promise<void>;
}

export function announcedEvents(): AnnouncedEvents {
  const announced = {
    async send(recipients, { set = 'rivulet', headers = [] } = {}) {
      const { MessageId } = await announced.ses.send(
        new SendEmailCommand({
          FromEmailAddress: '=?UTF-8?B?QW5kcsOp?= <andre@mail.example.com>',
          Destination: { ToAddresses: recipients },
          EmailTags: [{ Name: 'rivulet-key', Value: 'k1' }],
          ...(set === '' ? {} : { ConfigurationSetName: set }),
          Content: {
            Simple: {
              Subject: { Data: 'Grüße', Charset: 'UTF-8' },
              Body: { Text: { Data: 'Hi' }, Html: { Data: '<p>Hi</p>' } },
              Headers: headers,
            },
          },
        }),
      );
      return MessageId ?? '';
    },
    received: (count) => vi.waitFor(() => expect(announced.events.length).toBeGreaterThanOrEqual(count)),
  } as AnnouncedEvents;
  beforeEach(async () => {
    const events: SesEvent[] = [];
    announced.events = events;
    announced.standIn = await startSesStandIn({ onEvent: (event) => void events.push(event) });
    announced.ses = sesClient(announced.standIn.url);
  });
  afterEach(async () => {
    announced.ses.destroy();
    await announced.standIn.close();
  });
  return announced;
}

/** A time as SES writes it. */
export const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
