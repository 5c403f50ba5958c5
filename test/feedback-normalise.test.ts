import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalise } from '../ingress/feedback/normalise.ts';
import { messageTagName } from '../state/keys.ts';

const read = (value: unknown) => normalise(new TextEncoder().encode(JSON.stringify(value)));
const mail = {
  timestamp: '2026-11-24T08:00:00.000Z',
  messageId: '0107019a-mail-000000',
  source: 'Rivulet <hello@example.com>',
  destination: ['Ada <ada@example.com>'],
  headersTruncated: false,
  tags: { [messageTagName]: ['the-tag'], 'ses:configuration-set': ['rivulet'] },
};
const timestamp = '2026-11-24T08:00:01.500Z';
const about = { messageId: mail.messageId, tag: 'the-tag' };
const ada = [{ address: 'ada@example.com' }];

/** An event of SES, its block and whatever else a test changes. */
const event = (eventType: string, block: object = {}) => ({ eventType, mail, ...block });
const bounceOf = (bounce: object = {}) =>
  event('Bounce', {
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [{ emailAddress: 'ada@example.com', action: 'failed', status: '5.1.1' }],
      timestamp,
      feedbackId: '0107019a-feedback-000000',
      ...bounce,
    },
  });
const complaintOf = (complaint: object = {}) =>
  event('Complaint', {
    complaint: {
      complainedRecipients: [{ emailAddress: 'ada@example.com' }],
      timestamp,
      feedbackId: '0107019a-complaint-000000',
      ...complaint,
    },
  });
const clickOf = (click: object = {}) =>
  event('Click', { click: { link: 'https://example.com/start?user=7', timestamp, ipAddress: '192.0.2.1', ...click } });
const subscriptionOf = (newTopicPreferences: unknown) =>
  event('Subscription', {
    subscription: { contactList: 'all', timestamp, source: 'UnsubscribeHeader', newTopicPreferences },
  });

describe('each event of SES in our own words', () => {
  const at = Date.parse(timestamp);
  const atMail = Date.parse(mail.timestamp);
  const delayed = [{ emailAddress: 'ada@example.com', status: '4.4.1', diagnosticCode: 'smtp; 421 4.4.1 no answer' }];
  const cases: [string, unknown, object][] = [
    ['Send, which has no time of its own', event('Send', { send: {} }), { type: 'send', at: atMail, recipients: ada }],
    [
      'Delivery',
      event('Delivery', { delivery: { timestamp, recipients: ['ada@example.com'] } }),
      { type: 'delivery', at, recipients: ada },
    ],
    [
      'Bounce',
      bounceOf(),
      {
        type: 'bounce',
        at,
        id: '0107019a-feedback-000000',
        bounceType: 'permanent',
        subType: 'General',
        recipients: [{ address: 'ada@example.com', status: '5.1.1' }],
      },
    ],
    [
      'Bounce, transient',
      bounceOf({ bounceType: 'Transient', bounceSubType: 'MailboxFull' }),
      { type: 'bounce', bounceType: 'transient', subType: 'MailboxFull' },
    ],
    ['Bounce, of a kind that is new', bounceOf({ bounceType: 'Peculiar' }), { bounceType: 'undetermined' }],
    [
      'Complaint',
      complaintOf({ complaintFeedbackType: 'not-spam', complaintSubType: null }),
      { type: 'complaint', at, id: '0107019a-complaint-000000', feedbackType: 'not-spam', recipients: ada },
    ],
    [
      'Complaint from the list',
      complaintOf({ complaintSubType: 'OnAccountSuppressionList' }),
      { type: 'complaint', subType: 'OnAccountSuppressionList' },
    ],
    [
      'Reject',
      event('Reject', { reject: { reason: 'Bad content' } }),
      { type: 'reject', at: atMail, reason: 'Bad content', recipients: ada },
    ],
    [
      'Rendering Failure',
      event('Rendering Failure', { failure: { errorMessage: 'no name', templateName: 'a' } }),
      { type: 'rendering_failure', reason: 'no name', recipients: ada },
    ],
    [
      'Rendering Failed, as EventBridge says',
      event('Rendering Failed', { failure: { errorMessage: 'of ada@example.com' } }),
      { type: 'rendering_failure', reason: 'of [address]' },
    ],
    [
      'DeliveryDelay',
      event('DeliveryDelay', { deliveryDelay: { timestamp, delayType: 'General', delayedRecipients: delayed } }),
      {
        type: 'delivery_delay',
        at,
        delayType: 'General',
        recipients: [{ address: 'ada@example.com', status: '4.4.1' }],
      },
    ],
    [
      'Open',
      event('Open', { open: { timestamp, ipAddress: '192.0.2.1' } }),
      { type: 'open', at, by: 'unknown', recipients: ada },
    ],
    ['Open by a machine', event('Open', { open: { timestamp, isBotEvent: 'Likely' } }), { by: 'machine' }],
    ['Open by a person', event('Open', { open: { timestamp, isBotEvent: 'Unlikely' } }), { by: 'human' }],
    ['Open by who knows', event('Open', { open: { timestamp, isBotEvent: true } }), { by: 'unknown' }],
    [
      'Click, without what is personal',
      clickOf(),
      { type: 'click', at, by: 'unknown', link: 'https://example.com/start', recipients: ada },
    ],
    ['Click by a machine', clickOf({ isBotEvent: 'Likely' }), { by: 'machine' }],
    ['Click on an address', clickOf({ link: 'mailto:grace@example.com?subject=7' }), { link: 'mailto:' }],
    ['Click on what is no URL', clickOf({ link: '/start?user=7#x' }), { link: '/start' }],
    [
      'Click with a name and a fragment',
      clickOf({ link: 'https://ada:7@example.com/a#token' }),
      { link: 'https://example.com/a' },
    ],
    [
      'Subscription, all left',
      subscriptionOf({ unsubscribeAll: true, topicSubscriptionStatus: [] }),
      { type: 'subscription', at, optOut: 'all', recipients: ada },
    ],
    [
      'Subscription, one left',
      subscriptionOf({
        unsubscribeAll: false,
        topicSubscriptionStatus: [
          { topicName: 'offers', subscriptionStatus: 'OptOut' },
          { topicName: 'onboarding', subscriptionStatus: 'OptIn' },
          null,
        ],
      }),
      { type: 'subscription', optOut: ['offers'] },
    ],
  ];
  it.each(cases)('%s', (_name, value, expected) => {
    expect(read(value)).toEqual([expect.objectContaining({ ...about, ...expected })]);
  });

  it('a notification of the older kind reads the same, and has no tag', () => {
    const { eventType: notificationType, ...rest } = bounceOf();
    const { tags: _, ...untagged } = mail;
    const [found] = read(bounceOf());
    expect(read({ notificationType, ...rest, mail: untagged })).toEqual([{ ...found, tag: undefined }]);
  });
});

describe('the same event is the same in every envelope', () => {
  const sns = (message: unknown, more: object = {}) => ({
    Type: 'Notification',
    MessageId: '5d0c1f4e-0d3c-5f2e-9d51-4340c1a0e1d1',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:ses-events',
    Subject: 'Amazon SES Email Event Notification',
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/a.pem',
    ...more,
  });
  const eventBridge = (detail: unknown) => ({
    version: '0',
    'detail-type': 'Email Bounced',
    source: 'aws.ses',
    detail,
  });
  const lambda = (message: unknown) => {
    const { SigningCertURL: url, ...rest } = sns(message, { Subject: null });
    return { Records: [{ EventSource: 'aws:sns', Sns: { ...rest, SigningCertUrl: url } }] };
  };
  const sqs = (body: unknown) => ({
    Records: [{ messageId: '1', eventSource: 'aws:sqs', body: JSON.stringify(body) }],
  });
  const envelopes: [string, (value: unknown) => unknown][] = [
    ['SNS', sns],
    ['EventBridge', eventBridge],
    ['SNS to Lambda', lambda],
    ['SQS to Lambda', sqs],
    ['EventBridge in SNS', (value) => sns(eventBridge(value))],
    ['EventBridge in SNS in SQS to Lambda', (value) => sqs(sns(eventBridge(value)))],
  ];
  it.each(envelopes)('%s', (_name, wrap) => {
    for (const value of [bounceOf(), clickOf(), event('Send', { send: {} })])
      expect(read(wrap(value))).toEqual(read(value));
  });

  it('and so is one without a message id', () => {
    const { messageId: _, ...unnamed } = mail;
    const value = { ...clickOf(), mail: unnamed };
    expect(read(sns(value))).toEqual(read(value));
    expect(read({ ...clickOf({ timestamp: mail.timestamp }), mail: unnamed })[0]).not.toEqual(read(value)[0]);
  });

  it('several records are read in their order', () => {
    const both = { Records: [...lambda(bounceOf()).Records, ...sqs(clickOf()).Records] };
    expect(read(both)).toEqual([...read(bounceOf()), ...read(clickOf())]);
  });

  it('what stands beside the signed Message is not read', () => {
    const forged = sns(clickOf(), { ...bounceOf(), detail: bounceOf(), Records: lambda(bounceOf()).Records });
    expect(read(forged)).toEqual(read(clickOf()));
  });

  it('a hundred records are read, and one more says that there were more', () => {
    const { Records: record } = lambda(bounceOf());
    const flat = { Records: Array.from({ length: 250 }, () => record[0]) };
    const nested = {
      Records: Array.from({ length: 20 }, () => ({ body: JSON.stringify({ Records: Array(20).fill(record[0]) }) })),
    };
    for (const many of [flat, nested]) {
      const found = read(many);
      expect(found).toHaveLength(101);
      expect(found.at(-1)).toMatchObject({ reason: 'not_an_event', detail: 'more than 100 records' });
    }
  });

  it.each([
    [5, 'bounce'],
    [6, 'unusable'],
  ])('%i envelopes around one event make it %s', (depth, type) => {
    let value: unknown = bounceOf();
    for (let index = 0; index < depth; index++) value = eventBridge(value);
    expect(read(value)).toMatchObject([{ type }]);
  });
});

describe('an id names one event', () => {
  const idOf = (value: unknown) => (read(value)[0] as { id: string }).id;
  it('of 32 characters, made of the mail, the type, the time and the link as written', () => {
    const others = [
      clickOf(),
      clickOf({ link: 'https://example.com/start?user=8' }),
      clickOf({ timestamp: mail.timestamp }),
      { ...clickOf(), mail: { ...mail, messageId: 'another' } },
      event('Open', { open: { timestamp } }),
    ];
    const ids = others.map(idOf);
    expect(new Set(ids).size).toBe(others.length);
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/);
  });

  it.each([undefined, null, 7, '', 'two words', 'x'.repeat(201)])('also when the feedbackId is %j', (feedbackId) => {
    expect(idOf(complaintOf({ feedbackId }))).toMatch(/^[\w-]{32}$/);
    expect(idOf(complaintOf({ feedbackId }))).toBe(idOf(complaintOf({ feedbackId: undefined })));
  });
});

describe('who it happened to', () => {
  it('a bounce happened to who bounced, not to everybody the mail went to', () => {
    const toMany = { ...mail, destination: ['ada@example.com', 'grace@example.com'] };
    const bouncedRecipients = [{ emailAddress: 'grace@example.com' }];
    const [found] = read({ ...bounceOf({ bouncedRecipients }), mail: toMany });
    expect(found).toMatchObject({ recipients: [{ address: 'grace@example.com' }] });
  });

  const addresses: [unknown, string[]][] = [
    ['Ada Lovelace <ada@example.com>', ['ada@example.com']],
    ['"Lovelace, A." <Ada+news@Example.com> ', ['Ada+news@Example.com']],
    ['=?utf-8?Q?Ad=C3=A4?= <ada@example.com>', ['ada@example.com']],
    ['<ada@example.com>', ['ada@example.com']],
    [' ada@example.com', ['ada@example.com']],
    ['"a b@c"@example.com', ['"a b@c"@example.com']],
    ['ada', []],
    ['@example.com', []],
    ['ada@', []],
    ['ada lovelace@example.com', []],
    ['', []],
    [`${'a'.repeat(2_000)}@example.com`, []],
    [7, []],
    [null, []],
    [['ada@example.com'], []],
    [{ emailAddress: 'ada@example.com' }, []],
  ];
  it.each(addresses)('%j', (written, expected) => {
    const delivery = event('Delivery', { delivery: { timestamp, recipients: [written] } });
    expect(read(delivery)).toMatchObject([{ type: 'delivery', recipients: expected.map((address) => ({ address })) }]);
    const bounce = read(bounceOf({ bouncedRecipients: [{ emailAddress: written }] }));
    if (expected.length > 0) expect(bounce).toMatchObject([{ recipients: expected.map((address) => ({ address })) }]);
    else expect(bounce).toMatchObject([{ reason: 'missing_block', detail: 'bounce.bouncedRecipients' }]);
  });

  const statuses: [unknown, unknown, string | undefined][] = [
    ['5.1.1', 'smtp; 550 5.7.1 no', '5.1.1'],
    [undefined, 'smtp; 550 5.1.1 user unknown', '5.1.1'],
    [undefined, '550-5.7.26 This mail is not authenticated', '5.7.26'],
    [undefined, 'smtp; 550 5.7.515 Access denied', '5.7.515'],
    [undefined, 'smtp;550 #5.1.0 Address rejected.', '5.1.0'],
    [undefined, 'smtp; 5.4.4 no such domain', '5.4.4'],
    ['5.1.1 (bad mailbox)', 'smtp; 452 4.2.2 full', '4.2.2'],
    [511, undefined, undefined],
    ['3.1.1', undefined, undefined],
    ['5.1.1234', undefined, undefined],
    [undefined, 'smtp; 550 blocked by Filter 5.7.1', undefined],
    [undefined, 'smtp; 550 5.1.1.4 is listed', undefined],
    [undefined, { smtp: '550 5.1.1' }, undefined],
  ];
  it.each(statuses)('status %j and diagnosis %j: %s', (status, diagnosticCode, expected) => {
    const bouncedRecipients = [{ emailAddress: 'ada@example.com', status, diagnosticCode }];
    const recipient = { address: 'ada@example.com', ...(expected && { status: expected }) };
    expect(read(bounceOf({ bouncedRecipients }))).toMatchObject([{ recipients: [recipient] }]);
    expect(JSON.stringify(read(bounceOf({ bouncedRecipients }))).includes('status')).toBe(expected !== undefined);
  });
});

describe('when it happened', () => {
  it.each([
    ['2026-11-24T08:00:01.500Z', '2026-11-24T08:00:01.500Z'],
    ['2026-11-24T09:00:01.500+01:00', '2026-11-24T08:00:01.500Z'],
    ['yesterday', mail.timestamp],
    ['7', mail.timestamp],
    [1_700_000_000_000, mail.timestamp],
  ])('%j is %s', (written, expected) => {
    expect(read(clickOf({ timestamp: written }))).toMatchObject([{ at: Date.parse(expected) }]);
  });

  it('is now when nothing says', () => {
    const before = Date.now();
    const [found] = read({ eventType: 'Send', send: {}, mail: { ...mail, timestamp: undefined } });
    expect((found as { at: number }).at).toBeGreaterThanOrEqual(before);
  });
});

describe('what cannot be used says why, and quotes nothing', () => {
  const personal = 'grace@example.com';
  const cases: [string, unknown, string, string?][] = [
    ['a list', [personal], 'not_an_event'],
    ['null', null, 'not_an_event'],
    ['a text', personal, 'not_an_event'],
    ['an object of another kind', { [personal]: personal }, 'not_an_event'],
    ['a Message that is not JSON', { Type: 'Notification', Message: `hello ${personal}` }, 'not_json'],
    ['a notification without Message', { Type: 'Notification' }, 'not_an_event'],
    [
      'a subscription to be confirmed',
      { Type: 'SubscriptionConfirmation', Message: personal, Token: '7' },
      'not_an_event',
    ],
    [
      'a subscription that has ended',
      { Type: 'UnsubscribeConfirmation', Message: personal, Token: '7' },
      'not_an_event',
    ],
    ['no records', { Records: [] }, 'not_an_event'],
    ['records that are none', { Records: [personal] }, 'not_json'],
    ['an unknown type', event(`Greeting of ${personal}`), 'unknown_type'],
    ['a type that every object has', event('constructor'), 'unknown_type'],
    ['a type that is a number', { eventType: 7, mail }, 'unknown_type'],
    ['no mail', { ...bounceOf(), mail: undefined }, 'missing_block', 'mail'],
    ['a mail that is a list', { ...bounceOf(), mail: [mail] }, 'missing_block', 'mail'],
    ['no block', event('Bounce'), 'missing_block', 'bounce'],
    ['a block that is null', event('Bounce', { bounce: null }), 'missing_block', 'bounce'],
    ['a block that is a list', event('Bounce', { bounce: [personal] }), 'missing_block', 'bounce'],
    ['the block of another type', { ...clickOf(), eventType: 'Bounce' }, 'missing_block', 'bounce'],
    ['a bounce of nobody', bounceOf({ bouncedRecipients: [] }), 'missing_block', 'bounce.bouncedRecipients'],
    ['a bounce without a kind', bounceOf({ bounceType: 7 }), 'missing_block', 'bounce.bounceType'],
    [
      'a complaint of nobody',
      complaintOf({ complainedRecipients: personal }),
      'missing_block',
      'complaint.complainedRecipients',
    ],
    ['a click on nothing', clickOf({ link: [personal] }), 'missing_block', 'click.link'],
    ['preferences that are none', subscriptionOf([personal]), 'missing_block', 'subscription.newTopicPreferences'],
  ];
  it.each(cases)('%s', (_name, value, reason, detail) => {
    const [found, ...more] = read(value);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ type: 'unusable', reason, ...(detail && { detail }) });
    expect(JSON.stringify(found)).not.toContain(personal);
  });

  it('but still says which mail it is about: that proves that the provider has it', () => {
    for (const value of [event('Greeting'), event('Bounce')]) expect(read(value)).toMatchObject([about]);
  });

  it('bytes that are no JSON', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array([0xff, 0xfe]), new TextEncoder().encode('{"eventType":')]) {
      expect(normalise(bytes)).toEqual([{ type: 'unusable', reason: 'not_json', detail: 'the body is not JSON' }]);
    }
  });
});

describe('nothing makes it throw', () => {
  it('not an event in which any part is replaced by anything', () => {
    const events = [bounceOf(), complaintOf(), clickOf(), subscriptionOf({ topicSubscriptionStatus: [{}] })];
    const replaced = fc.tuple(fc.constantFrom(...events), fc.nat(), fc.jsonValue()).map(([value, where, by]) => {
      let left = where % countParts(value);
      return JSON.stringify(value, (_key, part: unknown) => (left-- === 0 ? by : part));
    });
    fc.assert(
      fc.property(replaced, (text) => {
        const found = normalise(new TextEncoder().encode(text));
        expect(found.length).toBeGreaterThan(0);
        for (const { type } of found) expect(type).toBeTypeOf('string');
      }),
    );
  });

  it.each([
    ['[', ']'],
    ['{"detail":', '}'],
    ['{"Records":[', ']}'],
    ['{"eventType":"Send","send":{},"mail":{"deep":', '}}'],
  ])('not a hundred thousand times %s', (opening, closing) => {
    const text = `${opening.repeat(100_000)}1${closing.repeat(100_000)}`;
    expect(normalise(new TextEncoder().encode(text))).toHaveLength(1);
  });
});

/** How many parts JSON.stringify visits, the whole included. */
function countParts(value: unknown): number {
  let count = 0;
  JSON.stringify(value, (_key, part: unknown) => {
    count += 1;
    return part;
  });
  return count;
}
