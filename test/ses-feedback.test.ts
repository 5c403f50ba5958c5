import { PutSuppressedDestinationCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FeedbackOutbox } from '../local/ses/feedback-outbox.ts';
import type { SesEvent } from '../local/ses/feedback.ts';
import { feedbackId } from '../local/ses/publish-feedback.ts';
import { startSesStandIn } from '../local/ses/stand-in.ts';
import type { SesStandIn } from '../local/ses/stand-in.ts';

let standIn: SesStandIn;
let ses: SESv2Client;
let events: SesEvent[];

beforeEach(async () => {
  events = [];
  standIn = await startSesStandIn({ onEvent: (event) => void events.push(event) });
  ses = connect(standIn);
});

afterEach(async () => {
  ses.destroy();
  await standIn.close();
});

function connect({ url }: SesStandIn): SESv2Client {
  return new SESv2Client({
    endpoint: url,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

const mailTo = (recipient: string): SendEmailCommandInput => ({
  FromEmailAddress: 'a@example.com',
  Destination: { ToAddresses: [recipient] },
  ConfigurationSetName: 'rivulet',
  Content: { Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hi' } } } },
});

async function send(recipients: string[], { set = 'rivulet', headers = [] as { Name: string; Value: string }[] } = {}) {
  const { MessageId } = await ses.send(
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
}

const received = (count: number) => vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(count));
const types = () => events.map((event) => event.eventType);
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const sesId = expect.stringMatching(/^0107[0-9a-f]{12}-[0-9a-f-]{36}-000000$/);

test('a delivered mail is announced as Send, then Delivery, with all that identifies it', async () => {
  const id = await send(['Ada <Ada@example.com>'], { headers: [{ Name: 'X-Campaign', Value: 'spring' }] });
  await received(2);

  expect(events[0]).toEqual({
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
  expect(events[1]).toMatchObject({
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
  expect(events).toHaveLength(2);
});

describe('the simulator’s addresses', () => {
  const at = (name: string) => `${name}@simulator.amazonses.com`;

  test.each([
    ['success', ['Send', 'Delivery']],
    ['ooto', ['Send', 'Delivery']],
    ['bounce', ['Send', 'Bounce']],
    ['suppressionlist', ['Send', 'Bounce']],
    ['complaint', ['Send', 'Delivery', 'Complaint']],
    ['bounce+u_42', ['Send', 'Bounce']],
    ['COMPLAINT+x', ['Send', 'Delivery', 'Complaint']],
    ['somebody', ['Send', 'Delivery']],
  ])('%s', async (name, expected) => {
    await send([at(name)]);
    await received(expected.length);
    expect(types()).toEqual(expected);
  });

  test('a bounce names the recipient and why', async () => {
    await send([at('bounce+ada')]);
    await received(2);
    expect(events[1]).toMatchObject({
      bounce: {
        feedbackId: sesId,
        bounceType: 'Permanent',
        bounceSubType: 'General',
        timestamp: iso,
        reportingMTA: expect.stringMatching(/^dns; /),
        bouncedRecipients: [
          {
            emailAddress: at('bounce+ada'),
            action: 'failed',
            status: '5.1.1',
            diagnosticCode: 'smtp; 550 5.1.1 user unknown',
          },
        ],
      },
    });
  });

  test('a complaint names the recipient and its kind', async () => {
    await send([at('complaint')]);
    await received(3);
    expect(events[2]).toMatchObject({
      complaint: {
        feedbackId: sesId,
        complaintSubType: null,
        complainedRecipients: [{ emailAddress: at('complaint') }],
        complaintFeedbackType: 'abuse',
        timestamp: iso,
        arrivalDate: iso,
        userAgent: expect.any(String),
      },
    });
  });

  test('the global suppression list bounces as Suppressed', async () => {
    await send([at('suppressionlist')]);
    await received(2);
    expect(events[1]).toMatchObject({ bounce: { bounceType: 'Permanent', bounceSubType: 'Suppressed' } });
  });
});

test('a mail to an address on the account’s suppression list is accepted, then bounces', async () => {
  await ses.send(new PutSuppressedDestinationCommand({ EmailAddress: 'grace@example.com', Reason: 'BOUNCE' }));
  const id = await send(['Grace <GRACE@example.com>']);
  await received(2);
  expect(events[1]).toMatchObject({
    eventType: 'Bounce',
    mail: { messageId: id },
    bounce: { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList' },
  });
  expect(standIn.mailbox.find(id)?.fates).toEqual({ 'GRACE@example.com': 'on-account-suppression-list' });
});

test('of two recipients, the one who bounces is told apart from the one who got the mail', async () => {
  await send(['ada@example.com', 'bounce@simulator.amazonses.com']);
  await received(3);
  expect(events).toMatchObject([
    { eventType: 'Send', mail: { destination: ['ada@example.com', 'bounce@simulator.amazonses.com'] } },
    { delivery: { recipients: ['ada@example.com'] } },
    { bounce: { bouncedRecipients: [{ emailAddress: 'bounce@simulator.amazonses.com' }] } },
  ]);
});

test('headers over 10 KB are cut off, and the event says so', async () => {
  const headers = Array.from({ length: 12 }, (_, n) => ({ Name: `X-Long-${n}`, Value: 'v'.repeat(980) }));
  await send(['ada@example.com'], { headers });
  await received(1);
  expect(events[0]?.mail.headersTruncated).toBe(true);
  expect(JSON.stringify(events[0]?.mail.headers).length).toBeLessThan(11_000);
});

test('without a configuration set, or with the feed off, nothing is announced', async () => {
  await send(['ada@example.com'], { set: '' });
  standIn.faults.setEvents(false);
  await send(['ada@example.com']);
  standIn.faults.setEvents(true);
  const last = await send(['ada@example.com']);
  await received(2);
  expect(new Set(events.map((event) => event.mail.messageId))).toEqual(new Set([last]));
});

test('a mail whose reply was lost is announced all the same', async () => {
  standIn.faults.add({ action: { type: 'reset-after-accept' } });
  await expect(send(['ada@example.com'])).rejects.toThrow();
  await received(2);
  expect(events[0]?.mail.tags['rivulet-key']).toEqual(['k1']);
});

test('events wait for their delay and keep their order', async () => {
  const seen: string[] = [];
  const slow = await startSesStandIn({ feedbackDelayMs: 30, onEvent: (event) => void seen.push(event.eventType) });
  const client = connect(slow);
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
  const client = connect(deaf);
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
  const [first, second] = events as [SesEvent, SesEvent];
  expect(feedbackId(structuredClone(first))).toBe(feedbackId(first));
  expect(feedbackId(second)).not.toBe(feedbackId(first));
  expect(feedbackId(first)).toMatch(/^ses:[0-9a-f]{40}$/);
});

describe('the outbox', () => {
  test('publishes in order, retries what failed, and loses nothing', async () => {
    const published: string[] = [];
    const onTrouble = vi.fn();
    let away = true;
    const outbox = new FeedbackOutbox({
      capacity: 100,
      onTrouble,
      publish: async ({ id }) => {
        if (away) throw new Error('away');
        published.push(id);
      },
    });
    for (const id of ['1', '2', '3']) outbox.post({ id, payload: '' });
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalled());
    away = false;
    await vi.waitFor(() => expect(outbox.waiting).toBe(0));
    expect(published).toEqual(['1', '2', '3']);
    expect(await outbox.close()).toBe(0);
  });

  test('drops the oldest beyond its capacity and says how many', async () => {
    const outbox = new FeedbackOutbox({ capacity: 2, publish: () => Promise.reject(new Error('away')) });
    for (const id of ['1', '2', '3', '4']) outbox.post({ id, payload: '' });
    expect([outbox.waiting, outbox.dropped]).toEqual([2, 2]);
    expect(await outbox.close()).toBe(2);
  });

  test('gives up after its grace, and says what was left', async () => {
    const outbox = new FeedbackOutbox({ capacity: 2, publish: () => Promise.reject(new Error('away')) });
    outbox.post({ id: '1', payload: '' });
    const started = Date.now();
    expect(await outbox.close(50)).toBe(1);
    expect(Date.now() - started).toBeLessThan(2000);
  });
});
