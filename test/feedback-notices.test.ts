import { describe, expect, it } from 'vitest';

import { normalise } from '../ingress/feedback/normalise.ts';
import { takeFeedback } from '../ingress/feedback/take-feedback.ts';
import type { TakeFeedbackDependencies } from '../ingress/feedback/take-feedback.ts';
import { bounceOf, read } from './support/feedback-of-ses.ts';

const validated = 'Successfully validated SNS topic for Amazon SES event publishing.';
const succeeded = {
  notificationType: 'AmazonSnsSubscriptionSucceeded',
  message: "You have successfully subscribed your Amazon SNS topic 'arn:aws:sns:eu-central-1:000000000000:ses' ...",
};
const ofSns = (Message: string) => ({ Type: 'Notification', MessageId: 'm', TopicArn: 'arn', Message });
const bytes = (text: string) => new TextEncoder().encode(text);

describe('what SES and SNS write when a topic is set up', () => {
  const cases: [string, Uint8Array, string][] = [
    ['the validation text as it is', bytes(validated), 'topic_validated'],
    ['the same with a line break', bytes(`${validated}\n`), 'topic_validated'],
    [
      'the same in another wording',
      bytes('Successfully validated SNS topic for Amazon SES email receiving.'),
      'topic_validated',
    ],
    ['the same in an SNS message', bytes(JSON.stringify(ofSns(validated))), 'topic_validated'],
    [
      'the same in a record of SQS',
      bytes(JSON.stringify({ Records: [{ body: JSON.stringify(ofSns(validated)) }] })),
      'topic_validated',
    ],
    ['the same as JSON text', bytes(JSON.stringify({ Records: [{ Sns: ofSns(validated) }] })), 'topic_validated'],
    ['a topic that an identity uses now', bytes(JSON.stringify(succeeded)), 'topic_subscribed'],
    ['the same in an SNS message', bytes(JSON.stringify(ofSns(JSON.stringify(succeeded)))), 'topic_subscribed'],
    [
      'a subscription to be confirmed',
      bytes(JSON.stringify({ Type: 'SubscriptionConfirmation', Message: 'hello', Token: '7' })),
      'subscription_to_confirm',
    ],
    [
      'a subscription that has ended',
      bytes(JSON.stringify({ Type: 'UnsubscribeConfirmation', Message: 'hello', Token: '7' })),
      'subscription_ended',
    ],
  ];

  it.each(cases)('%s is a notice', (_, message, notice) => {
    expect(normalise(message)).toEqual([{ type: 'notice', notice }]);
  });

  it('is counted, and is no dead letter', async () => {
    const counted: string[] = [];
    const deps = {
      count: (type: string, result: string) => counted.push(`${type}:${result}`),
      log: { info: () => {} },
    } as unknown as TakeFeedbackDependencies;
    for (const [, message] of cases) expect(await takeFeedback(deps, message)).toEqual([]);
    expect(new Set(counted)).toEqual(
      new Set([
        'topic_validated:notice',
        'topic_subscribed:notice',
        'subscription_to_confirm:notice',
        'subscription_ended:notice',
      ]),
    );
  });

  it.each([
    ['another text', bytes('hello')],
    ['the validation text with more', bytes(`${validated} ${'x'.repeat(200)}`)],
    ['the validation text in the middle', bytes(`Dear all, ${validated}`)],
    [
      'an unknown type of notification',
      bytes(JSON.stringify({ notificationType: 'AmazonSnsSubscriptionFailed', message: 'x' })),
    ],
  ])('%s is still unusable', (_, message) => {
    expect(normalise(message)).toMatchObject([{ type: 'unusable' }]);
  });
});

describe('a receiver that says that there is no such mailbox', () => {
  const bounced = (diagnosticCode: unknown) =>
    read(bounceOf({ bouncedRecipients: [{ emailAddress: 'ada@example.com', status: '5.7.1', diagnosticCode }] }));

  it.each([
    'smtp; 550 5.7.1 <ada@example.com>: User unknown',
    'smtp; 550 5.7.1 User unknown in virtual mailbox table',
    '550 5.7.1 Unknown user: ada@example.com',
    'smtp; 550 5.7.1 No such user here',
    'smtp;550 5.7.1 Recipient not found',
    'smtp; 550 5.7.1 mailbox ada does not exist',
    'smtp; 554 5.7.1 Invalid recipient ada@example.com',
    'smtp; 550-5.7.1 The user ada@example.com does not exist',
    "smtp; 550 5.7.1 Recipient doesn't exist",
    'smtp; 550 5.7.1 account was not found',
    'smtp; 550 5.7.1 USER UNKNOWN',
    'smtp; 550 5.7.1 nonexistent mailbox',
  ])('is understood: %s', (text) => {
    expect(bounced(text)).toMatchObject([{ recipients: [{ status: '5.7.1', unknownUser: true }] }]);
  });

  it.each([
    'smtp; 550 5.7.1 Service unavailable; client host blocked using a list',
    'smtp; 550 5.7.1 Message rejected as spam by content filtering',
    'smtp; 550 5.7.1 Sender address rejected: user unknown',
    'smtp; 550 5.7.1 relaying denied for this user',
    'smtp; 554 5.7.1 Recipient address rejected: Access denied',
    'smtp; 550 5.7.1 From address does not exist',
    'smtp; 550 5.7.1 unauthenticated mail from example.com is not accepted',
    'smtp; 550 5.7.1 our users do not know you',
    '',
    null,
    7,
    `smtp; 550 5.7.1 ${'user '.repeat(100_000)}unknown`,
  ])('is not read into other words: %#', (text) => {
    const [bounce] = bounced(text);
    expect(JSON.stringify(bounce)).not.toContain('unknownUser');
  });
});
