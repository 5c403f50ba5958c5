import { BadRequestException, GetConfigurationSetCommand, NotFoundException } from '@aws-sdk/client-sesv2';
import type { SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { describe, expect, test } from 'vitest';
import { localSes, to, welcome } from './support/local-ses.ts';

const local = localSes();
const { send, refusal } = local;

test('a mail is accepted under an id of its own and kept as it was sent', async () => {
  const first = await send(
    welcome(
      {
        EmailTags: [{ Name: 'rivulet-key', Value: 'k1' }],
        ConfigurationSetName: 'rivulet',
        ReplyToAddresses: ['r@example.com'],
      },
      {
        Subject: { Data: 'Grüße', Charset: 'UTF-8' },
        Body: { Html: { Data: '<p>Hi Ada</p>' }, Text: { Data: 'Hi Ada' } },
        Headers: [{ Name: 'List-Unsubscribe-Post', Value: 'List-Unsubscribe=One-Click' }],
      },
    ),
  );
  const second = await send(welcome());

  expect(first.MessageId).toMatch(/^[0-9a-f]{16}-[0-9a-f-]{36}-000000$/);
  expect(second.MessageId).not.toBe(first.MessageId);
  expect(first.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(local.standIn.mailbox.find(first.MessageId ?? '')).toMatchObject({
    from: 'Rivulet <hello@example.com>',
    to: ['ada@example.com'],
    replyTo: ['r@example.com'],
    subject: 'Grüße',
    html: '<p>Hi Ada</p>',
    text: 'Hi Ada',
    preview: 'Hi Ada',
    tags: { 'rivulet-key': 'k1' },
    configurationSet: 'rivulet',
    headers: [{ name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' }],
    fates: { 'ada@example.com': 'delivered' },
  });
});

test('raw content brings its own recipients, subject, tags and configuration set', async () => {
  const source = [
    'From: =?UTF-8?Q?Andr=C3=A9?= <andre@example.com>',
    'To: "Hopper, Grace" <grace@example.com>,',
    ' ada@example.com',
    'Bcc: hidden@example.com',
    'Subject: =?UTF-8?B?R3LDvMOfZQ==?=',
    'X-SES-MESSAGE-TAGS: rivulet-key=k2, kind=receipt',
    'X-SES-CONFIGURATION-SET: rivulet',
    'Content-Type: multipart/alternative; boundary="b"',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Sch=C3=B6n',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('<p>Schön</p>').toString('base64'),
    '--b--',
  ].join('\r\n');

  const { MessageId } = await send({ Content: { Raw: { Data: Buffer.from(source) } } });

  expect(local.standIn.mailbox.find(MessageId ?? '')).toMatchObject({
    to: ['"Hopper, Grace" <grace@example.com>', 'ada@example.com'],
    bcc: ['hidden@example.com'],
    subject: 'Grüße',
    text: 'Schön',
    html: '<p>Schön</p>',
    tags: { 'rivulet-key': 'k2', kind: 'receipt' },
    configurationSet: 'rivulet',
  });
});

const text = (length: number) => 'x'.repeat(length);
const header = (Name: string, Value: string) => ({ Headers: [{ Name, Value }] });
const tag = (Name: string, Value: string) => ({ EmailTags: [{ Name, Value }] });

describe('what SES refuses is refused as BadRequestException', () => {
  test.each<[string, SendEmailCommandInput, RegExp]>([
    ['no sender', welcome({ FromEmailAddress: '' }), /From/],
    ['a sender without domain', welcome({ FromEmailAddress: 'hello' }), /Missing final '@domain'/],
    ['a raw non-ASCII display name', welcome({ FromEmailAddress: 'André <a@example.com>' }), /RFC 2047/],
    ['a line break in the sender', welcome({ FromEmailAddress: 'A\r\nBcc: x@example.com <a@example.com>' }), /control/],
    ['no recipient', welcome(to()), /at least one recipient/],
    ['51 recipients', welcome(to(...Array.from({ length: 51 }, (_, n) => `p${n}@example.com`))), /exceeds 50/],
    ['a recipient with a space', welcome(to('a da@example.com')), /whitespace/],
    ['two at signs', welcome(to('ada@home@example.com')), /illegal character/],
    ['dots in a row', welcome(to('a..b@example.com')), /illegal character/],
    ['a non-ASCII local part', welcome(to('zoë@example.com')), /SMTPUTF8/],
    ['a non-ASCII domain', welcome(to('ada@exämple.com')), /punycode/],
    ['a domain without a dot', welcome(to('ada@localhost')), /fully qualified/],
    ['a domain label that starts with a hyphen', welcome(to('ada@-a.example')), /illegal character/],
    ['a reply-to that is no address', welcome({ ReplyToAddresses: ['nobody'] }), /Missing final/],
    ['a tag name with a dot', welcome(tag('rivulet.key', 'v')), /Invalid tag name/],
    ['a tag value that is an address', welcome(tag('who', 'ada@example.com')), /Invalid tag value/],
    ['a tag value of 257 characters', welcome(tag('k', text(257))), /Invalid tag value/],
    ['an empty tag value', welcome(tag('k', '')), /Invalid tag value/],
    ['a set name with a space', welcome({ ConfigurationSetName: 'my set' }), /Invalid configuration set/],
    ['a set name of 65 characters', welcome({ ConfigurationSetName: text(65) }), /Invalid configuration set/],
    ['a line break in the subject', welcome({}, { Subject: { Data: 'Hi\r\nBcc: x@example.com' } }), /control/],
    ['a non-ASCII subject without charset', welcome({}, { Subject: { Data: 'Grüße' } }), /Charset/],
    ['a non-ASCII body without charset', welcome({}, { Body: { Text: { Data: '→' } } }), /Charset/],
    ['an unknown charset', welcome({}, { Body: { Text: { Data: 'x', Charset: 'klingon' } } }), /unsupported charset/],
    ['no body', welcome({}, { Body: {} }), /Text, Html/],
    ['a header name with a colon', welcome({}, header('X:Y', 'v')), /colon/],
    ['a header name with a space', welcome({}, header('X Y', 'v')), /printable/],
    ['a header name of 127 characters', welcome({}, header(text(127), 'v')), /126/],
    ['a header value of 996 characters', welcome({}, header('X', text(996))), /995/],
    ['a header of 997 characters in all', welcome({}, header('XY', text(995))), /996/],
    ['a line break in a header value', welcome({}, header('X', 'a\r\nBcc: x@example.com')), /printable/],
    ['a non-ASCII header value', welcome({}, header('X', 'é')), /printable/],
    ['a From header of its own', welcome({}, header('From', 'a@example.com')), /set by Amazon SES/],
    ['a Message-ID of its own', welcome({}, header('message-id', '<a@b>')), /set by Amazon SES/],
    ['a Date of its own', welcome({}, header('Date', 'today')), /set by Amazon SES/],
    [
      'two List-Unsubscribe headers',
      welcome(
        {},
        { Headers: ['List-Unsubscribe', 'list-unsubscribe'].map((Name) => ({ Name, Value: '<https://a>' })) },
      ),
      /Duplicate header/,
    ],
    ['no content', welcome({ Content: {} }), /exactly one/],
    [
      'an inline template',
      welcome({ Content: { Template: { TemplateContent: {}, TemplateData: '{}' } } }),
      /templates/,
    ],
  ])('%s', async (_, input, message) => {
    const error = await refusal(input);
    expect(error).toBeInstanceOf(BadRequestException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 }, message: expect.stringMatching(message) });
    expect(local.standIn.mailbox.size).toBe(0);
  });
});

describe('what SES allows is accepted', () => {
  test.each<[string, SendEmailCommandInput]>([
    ['an encoded display name', welcome({ FromEmailAddress: '=?UTF-8?B?QW5kcsOp?= <a@example.com>' })],
    ['a quoted display name with a comma', welcome({ FromEmailAddress: '"Hopper, Grace" <grace@example.com>' })],
    ['a punycode domain', welcome(to('ada@xn--exmple-cua.com'))],
    ['plus and apostrophe in the local part', welcome(to("o'neil+news@example.com"))],
    ['50 recipients', welcome(to(...Array.from({ length: 50 }, (_, n) => `p${n}@example.com`)))],
    ['only a Bcc', welcome({ Destination: { BccAddresses: ['ada@example.com'] } })],
    ['a tag value of 256 characters', welcome(tag('k', text(256)))],
    ['a header of 996 characters in all', welcome({}, header('X', text(995)))],
    ['an empty header value', welcome({}, header('X', ''))],
    ['no display name and no tags', welcome({ FromEmailAddress: 'hello@example.com' })],
  ])('%s', async (_, input) => {
    await expect(send(input)).resolves.toHaveProperty('MessageId');
    expect(local.standIn.mailbox.size).toBe(1);
  });
});

test('a request of more than 41 MB is refused and its bytes are not kept', async () => {
  const error = await refusal(welcome({}, { Body: { Text: { Data: text(42 * 1024 * 1024) } } }));
  expect(error).toMatchObject({ name: 'RequestEntityTooLargeException', $metadata: { httpStatusCode: 413 } });
  expect(local.standIn.mailbox.bytes).toBe(0);
});

test('a message of more than 40 MB is refused', async () => {
  const error = await refusal(welcome({}, { Body: { Text: { Data: text(40 * 1024 * 1024 + 1) } } }));
  expect(error).toMatchObject({ name: 'BadRequestException', message: expect.stringMatching(/Message length/) });
});

test('a configuration set exists unless it was said to be missing', async () => {
  const found = await local.ses.send(new GetConfigurationSetCommand({ ConfigurationSetName: 'rivulet' }));
  expect(found).toMatchObject({ ConfigurationSetName: 'rivulet', SendingOptions: { SendingEnabled: true } });

  local.standIn.faults.update({ missingConfigurationSets: ['gone'] });

  const error = await refusal(welcome({ ConfigurationSetName: 'gone' }));
  expect(error).toBeInstanceOf(NotFoundException);
  expect(error).toMatchObject({ $metadata: { httpStatusCode: 404 }, message: expect.stringContaining('gone') });
  await expect(local.ses.send(new GetConfigurationSetCommand({ ConfigurationSetName: 'gone' }))).rejects.toBeInstanceOf(
    NotFoundException,
  );
});

test('a template or a contact list that SES does not know is NotFoundException', async () => {
  const template = welcome({ Content: { Template: { TemplateName: 'spring', TemplateData: '{}' } } });
  expect(await refusal(template)).toBeInstanceOf(NotFoundException);
  expect(await refusal(welcome({ ListManagementOptions: { ContactListName: 'all' } }))).toBeInstanceOf(
    NotFoundException,
  );
});
