import { describe, expect, it } from 'vitest';

import {
  about,
  bounceOf,
  clickOf,
  complaintOf,
  event,
  mail,
  read,
  subscriptionOf,
  timestamp,
} from './support/feedback-of-ses.ts';

const ada = [{ address: 'ada@example.com' }];

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
    ['Reject', event('Reject', { reject: { reason: 'Bad content' } }), { type: 'reject', at: atMail, recipients: ada }],
    [
      'Rendering Failure',
      event('Rendering Failure', { failure: { errorMessage: 'no name', templateName: 'a' } }),
      { type: 'rendering_failure', recipients: ada },
    ],
    [
      'Rendering Failed, as EventBridge says',
      event('Rendering Failed', { failure: { errorMessage: 'of ada@example.com' } }),
      { type: 'rendering_failure' },
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

describe('words that SES does not use', () => {
  const written = 'Quackenbush, zq.secret@example.com';
  it('count as other, and go no further', () => {
    const found = [
      ...read(bounceOf({ bounceSubType: written })),
      ...read(complaintOf({ complaintFeedbackType: written, complaintSubType: written })),
      ...read(
        event('DeliveryDelay', {
          deliveryDelay: { delayType: written, delayedRecipients: [{ emailAddress: 'ada@example.com' }] },
        }),
      ),
      ...read(subscriptionOf({ topicSubscriptionStatus: [{ topicName: written, subscriptionStatus: 'OptOut' }] })),
      ...read(event('Reject', { reject: { reason: written } })),
    ];
    expect(found).toMatchObject([
      { subType: 'other' },
      { feedbackType: 'other', subType: 'other' },
      { delayType: 'other' },
      { optOut: ['other'] },
      { type: 'reject' },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/Quackenbush|secret/);
  });

  it('a link is kept without its query and without an address in its path', () => {
    const link = `https://example.com/off/zq.secret@example.com?name=Quackenbush#zq.secret`;
    expect(read(clickOf({ link }))).toMatchObject([{ link: 'https:[address]' }]);
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
