import { SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { expect, test, vi } from 'vitest';
import type { SesEvent } from '../local/ses/feedback.ts';
import { feedbackId } from '../local/ses/publish-feedback.ts';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import { announcedEvents, iso } from './support/announced-events.ts';
import { sesClient } from './support/local-ses.ts';

const announced = announcedEvents();
const { send, received } = announced;

const mailTo = (recipient: string): SendEmailCommandInput => ({
  FromEmailAddress: 'a@example.com',
  Destination: { ToAddresses: [recipient] },
  ConfigurationSetName: 'rivulet',
  Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hi' } } } },
});

test('a delivered mail is announced as Send, then Delivery, with all that identifies it', async () => {
  const id = await send(['Ada <Ada@example.com>'], { headers: [{ Name: 'X-Campaign', Value: 'spring' }] });
  await received(2);

  expect(announced.events[0]).toEqual({
    eventType: 'Send',
    send: {},
    mail: {
      timestamp: iso,
      messageId: id,
      source: '=?UTF-8?B?QW5kcsOp?= <andre@mail.example.com>',
      sourceArn: 'arn:aws:ses:eu-central-1:123456789012:identity/mail.example.com',
      sendingAccountId: '123456789012',
      destination: ['Ada@example.com'],
      headersTruncated: false,
      headers: [
        { name: 'From', value: '=?UTF-8?B?QW5kcsOp?= <andre@mail.example.com>' },
        { name: 'To', value: 'Ada <Ada@example.com>' },
        { name: 'Subject', value: '=?UTF-8?B?R3LDvMOfZQ==?=' },
        { name: 'X-Campaign', value: 'spring' },
        { name: 'MIME-Version', value: '1.0' },
        { name: 'Content-Type', value: expect.stringMatching(/^multipart\/alternative; boundary="/) },
      ],
      commonHeaders: {
        from: ['André <andre@mail.example.com>'],
        to: ['Ada <Ada@example.com>'],
        messageId: id,
        subject: 'Grüße',
      },
      tags: {
        'ses:operation': ['SendEmail'],
        'ses:configuration-set': ['rivulet'],
        'ses:source-ip': ['127.0.0.1'],
        'ses:from-domain': ['mail.example.com'],
        'ses:caller-identity': ['local-stand-in'],
        'rivulet-key': ['k1'],
      },
    },
  });
  expect(announced.events[1]).toMatchObject({
    eventType: 'Delivery',
    mail: { messageId: id, tags: { 'ses:outgoing-ip': ['127.0.0.1'], 'rivulet-key': ['k1'] } },
    delivery: {
      timestamp: iso,
      recipients: ['Ada@example.com'],
      processingTimeMillis: expect.any(Number),
      smtpResponse: expect.stringMatching(/^250 /),
      reportingMTA: expect.any(String),
    },
  });
  expect(announced.events).toHaveLength(2);
});

test('headers over 10 KB are cut off, and the event says so', async () => {
  const headers = Array.from({ length: 12 }, (_, n) => ({ Name: `X-Long-${n}`, Value: 'v'.repeat(980) }));
  await send(['ada@example.com'], { headers });
  await received(1);
  expect(announced.events[0]?.mail.headersTruncated).toBe(true);
  expect(JSON.stringify(announced.events[0]?.mail.headers).length).toBeLessThan(11_000);
});

test('without a configuration set, or with the feed off, nothing is announced', async () => {
  await send(['ada@example.com'], { set: '' });
  announced.standIn.faults.setEvents(false);
  await send(['ada@example.com']);
  announced.standIn.faults.setEvents(true);
  const last = await send(['ada@example.com']);
  await received(2);
  expect(new Set(announced.events.map((event) => event.mail.messageId))).toEqual(new Set([last]));
});

test('a mail whose reply was lost is announced all the same', async () => {
  announced.standIn.faults.add({ action: { type: 'reset-after-accept' } });
  await expect(send(['ada@example.com'])).rejects.toThrow();
  await received(2);
  expect(announced.events[0]?.mail.tags['rivulet-key']).toEqual(['k1']);
});

test('events wait for their delay and keep their order', async () => {
  const seen: string[] = [];
  const slow = await startSesStandIn({ feedbackDelayMs: 30, onEvent: (event) => void seen.push(event.eventType) });
  const client = sesClient(slow.url);
  try {
    await client.send(new SendEmailCommand(mailTo('complaint@simulator.amazonses.com')));
    expect(seen).toEqual([]);
    await vi.waitFor(() => expect(seen).toEqual(['Send', 'Delivery', 'Complaint']));
  } finally {
    client.destroy();
    await slow.close();
  }
});

test('a receiver that fails costs its own event and nothing else', async () => {
  const heard: string[] = [];
  const deaf = await startSesStandIn({
    onEvent: ({ eventType }) => {
      heard.push(eventType);
      throw new Error('deaf');
    },
  });
  const client = sesClient(deaf.url);
  try {
    await client.send(new SendEmailCommand(mailTo('complaint@simulator.amazonses.com')));
    await vi.waitFor(() => expect(heard).toEqual(['Send', 'Delivery', 'Complaint']));
    expect(deaf.mailbox.size).toBe(1);
  } finally {
    client.destroy();
    await deaf.close();
  }
});

test('the id of an event depends on its content alone', async () => {
  await send(['ada@example.com']);
  await received(2);
  const [first, second] = announced.events as [SesEvent, SesEvent];
  expect(feedbackId(structuredClone(first))).toBe(feedbackId(first));
  expect(feedbackId(second)).not.toBe(feedbackId(first));
  expect(feedbackId(first)).toMatch(/^ses:[0-9a-f]{40}$/);
});
