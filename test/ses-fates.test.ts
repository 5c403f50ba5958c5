import { PutSuppressedDestinationCommand } from '@aws-sdk/client-sesv2';
import { describe, expect, test } from 'vitest';
import { announcedEvents, iso } from './support/announced-events.ts';

const announced = announcedEvents();
const { send, received } = announced;
const types = () => announced.events.map((event) => event.eventType);
const sesId = expect.stringMatching(/^0107[0-9a-f]{12}-[0-9a-f-]{36}-000000$/);

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
    expect(announced.events[1]).toMatchObject({
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
    expect(announced.events[2]).toMatchObject({
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
    expect(announced.events[1]).toMatchObject({ bounce: { bounceType: 'Permanent', bounceSubType: 'Suppressed' } });
  });
});

test('a mail to an address on the account’s suppression list is accepted, then bounces', async () => {
  await announced.ses.send(
    new PutSuppressedDestinationCommand({ EmailAddress: 'grace@example.com', Reason: 'BOUNCE' }),
  );
  const id = await send(['Grace <GRACE@example.com>']);
  await received(2);
  expect(announced.events[1]).toMatchObject({
    eventType: 'Bounce',
    mail: { messageId: id },
    bounce: { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList' },
  });
  expect(announced.standIn.mailbox.find(id)?.fates).toEqual({ 'GRACE@example.com': 'on-account-suppression-list' });
});

test('of two recipients, the one who bounces is told apart from the one who got the mail', async () => {
  await send(['ada@example.com', 'bounce@simulator.amazonses.com']);
  await received(3);
  expect(announced.events).toMatchObject([
    { eventType: 'Send', mail: { destination: ['ada@example.com', 'bounce@simulator.amazonses.com'] } },
    { delivery: { recipients: ['ada@example.com'] } },
    { bounce: { bouncedRecipients: [{ emailAddress: 'bounce@simulator.amazonses.com' }] } },
  ]);
});
