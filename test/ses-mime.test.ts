import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { composeMime } from '../local/ses/compose-mime.ts';
import { decodeHeaderText, encodeHeaderText, toQuotedPrintable } from '../local/ses/encode-text.ts';
import { findLinks } from '../local/ses/find-links.ts';
import type { Mail } from '../local/ses/mail.ts';
import { headerValue, readMime } from '../local/ses/read-mime.ts';

const blank: Mail = {
  id: '0107019f0c1a2b3c-1b4e28ba-2fa1-11d2-883f-0016d3cca427-000000',
  acceptedAt: Date.UTC(2026, 10, 24, 8, 30),
  from: 'hello@example.com',
  to: ['ada@example.com'],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Welcome',
  preview: '',
  tags: {},
  headers: [],
  attachments: [],
  fates: {},
  bodyDropped: false,
};
const mail = (change: Partial<Mail>): Mail => ({ ...blank, ...change });
const parse = (change: Partial<Mail>) => PostalMime.parse(composeMime(mail(change)));

const unsubscribe = [
  { name: 'List-Unsubscribe', value: `<https://example.com/u/${'a'.repeat(300)}>, <mailto:leave@example.com>` },
  { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
];

test('a mail with both parts, umlauts and one-click headers reads back as it was sent', async () => {
  const read = await parse({
    from: '=?UTF-8?B?QW5kcsOp?= <andre@example.com>',
    to: ['"Hopper, Grace" <grace@example.com>', 'ada@example.com'],
    cc: ['linus@example.com'],
    bcc: ['hidden@example.com'],
    replyTo: ['help@example.com'],
    subject: 'Schöne Grüße 👋🏽 – an alle, die sich in der letzten Woche angemeldet haben',
    html: '<p>Grüße &amp; Küsse = schön</p>',
    text: 'Grüße = schön\n.\nFrom here on\n\ttabs and trailing blanks   \n',
    headers: unsubscribe,
  });

  expect(read).toMatchObject({
    from: { name: 'André', address: 'andre@example.com' },
    to: [
      { name: 'Hopper, Grace', address: 'grace@example.com' },
      { name: '', address: 'ada@example.com' },
    ],
    cc: [{ address: 'linus@example.com' }],
    replyTo: [{ address: 'help@example.com' }],
    subject: 'Schöne Grüße 👋🏽 – an alle, die sich in der letzten Woche angemeldet haben',
    messageId: `<${blank.id}@email.amazonses.com>`,
    date: '2026-11-24T08:30:00.000Z',
  });
  expect(read.html?.trim()).toBe('<p>Grüße &amp; Küsse = schön</p>');
  expect(read.text?.trimEnd()).toBe('Grüße = schön\n.\nFrom here on\n\ttabs and trailing blanks   '.trimEnd());
  const header = (key: string) => read.headers.find((entry) => entry.key === key)?.value;
  expect(header('list-unsubscribe')).toBe(unsubscribe[0]?.value);
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
});

test('the blind copy is in no header', () => {
  const source = composeMime(mail({ bcc: ['hidden@example.com'], text: 'x' })).toString();
  expect(source).not.toContain('hidden@example.com');
});

test('every line is ASCII, ends with CRLF and is short', () => {
  const source = composeMime(
    mail({
      subject: '日本語の件名'.repeat(20),
      to: Array.from({ length: 20 }, (_, n) => `person-number-${n}@example.com`),
      text: `${'langes Wört '.repeat(200)}\n${'🙂'.repeat(200)}`,
      html: `<p>${'ä'.repeat(5000)}</p>`,
      attachments: [
        { fileName: 'übersicht.pdf', contentType: 'application/pdf', inline: false, content: 'QUJD'.repeat(99) },
      ],
    }),
  ).toString('latin1');
  const lines = source.split('\r\n');
  expect(lines.some((line) => /[\r\n]/.test(line))).toBe(false);
  expect(lines.every((line) => /^[\t -~]*$/.test(line))).toBe(true);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
});

test('attachments come back byte for byte, inline ones with their id', async () => {
  const content = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64');
  const read = await parse({
    html: '<img src="cid:logo">',
    attachments: [
      { fileName: 'Übersicht 1.bin', contentType: 'application/octet-stream', inline: false, content },
      { fileName: 'logo.png', contentType: 'image/png', inline: true, contentId: 'logo', content },
    ],
  });
  const [first, second] = ['Übersicht 1.bin', 'logo.png'].map((name) =>
    read.attachments.find(({ filename }) => filename === name),
  );
  expect(Buffer.from(first?.content as ArrayBuffer).toString('base64')).toBe(content);
  expect(second).toMatchObject({ disposition: 'inline', contentId: '<logo>' });
});

describe('text survives its encoding', () => {
  test.each([
    ['a plain subject', 'Welcome'],
    ['a long plain subject', 'Welcome to the club '.repeat(20).trim()],
    ['a subject without a single space', 'x'.repeat(1200)],
    ['emoji that must not be split', '👩‍👩‍👧‍👦'.repeat(30)],
    ['what looks like quoted-printable', '=C3=A9 = 100%'],
    ['two spaces', 'a  b  ü'],
  ])('%s', async (_, subject) => {
    expect(decodeHeaderText(encodeHeaderText(subject))).toBe(subject);
    expect((await parse({ subject, text: '' })).subject).toBe(subject);
    expect(
      encodeHeaderText(subject)
        .split(' ')
        .every((word) => word.length <= 75 || /^[ -~]*$/.test(subject)),
    ).toBe(true);
  });

  test.each([
    ['=?iso-8859-1?Q?Andr=E9_B?=', 'André B'],
    ['=?UTF-8?B?R3LD?= =?UTF-8?B?vMOfZQ==?=', 'Grüße'],
    ['a =?utf-8?q?b?= c', 'a b c'],
    ['=?nonsense?Q?x?=', 'x'],
    ['=?not a word?=', '=?not a word?='],
  ])('%s is read as %s', (encoded, text) => {
    expect(decodeHeaderText(encoded)).toBe(text);
  });

  test('trailing blanks are encoded, because servers cut them off', () => {
    expect(toQuotedPrintable('a \nb\t\n')).toBe('a=20\r\nb=09\r\n');
  });
});

describe('raw content', () => {
  const source = new MailComposer({
    from: { name: 'André', address: 'andre@example.com' },
    to: 'ada@example.com',
    subject: 'Grüße',
    messageId: '<mine@example.com>',
    text: 'Schöne Grüße',
    html: '<p>Schöne Grüße</p>',
    attachments: [{ filename: 'a.txt', content: 'ABC' }],
  });
  const compiled = source.compile();
  compiled.keepBcc = true;

  test('is read as far as the inbox shows it', async () => {
    const read = readMime(await compiled.build());
    expect(read).toMatchObject({
      text: expect.stringContaining('Schöne Grüße'),
      html: '<p>Schöne Grüße</p>',
      attachments: [{ fileName: 'a.txt', inline: false, content: Buffer.from('ABC').toString('base64') }],
    });
    expect(decodeHeaderText(headerValue(read.headers, 'from') ?? '')).toBe('André <andre@example.com>');
  });

  test('goes out as it came, but with the Message-ID and Date of SES', async () => {
    const raw = await compiled.build();
    const sent = await parse({ ...readMime(raw), raw: raw.toString('base64') });
    expect(sent).toMatchObject({
      messageId: `<${blank.id}@email.amazonses.com>`,
      date: '2026-11-24T08:30:00.000Z',
      subject: 'Grüße',
    });
    expect(sent.html?.trim()).toBe('<p>Schöne Grüße</p>');
    expect(sent.headers.filter(({ key }) => key === 'message-id')).toHaveLength(1);
  });

  test.each([
    ['nothing', ''],
    ['no blank line', 'Subject: x'],
    ['an unclosed multipart', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello'],
    ['a multipart in itself, forever', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'.repeat(500)],
    ['a lone continuation', ' x\n\ny'],
  ])('made of %s is read without harm', (_, text) => {
    expect(() => readMime(Buffer.from(text))).not.toThrow();
  });
});

describe('the links of a mail', () => {
  test('are those that can be followed, each once', () => {
    const links = findLinks(
      mail({
        headers: unsubscribe.slice(0, 1),
        html:
          '<a class="x" href="https://example.com/?a=1&amp;b=2"><b>Start</b> now</a> <a href=\'http://b.example\'></a>' +
          '<a href="javascript:alert(1)">no</a><a href=" JAVASCRIPT:alert(1)">no</a><a href="data:text/html,x">no</a>',
        text: 'See https://example.com/?a=1&b=2 or https://c.example/path.',
      }),
    );
    expect(links.slice(1)).toEqual([
      { href: 'https://example.com/?a=1&b=2', label: 'Start now' },
      { href: 'http://b.example', label: 'Image or empty link' },
      { href: 'https://c.example/path', label: 'In the text part' },
    ]);
    expect(links[0]?.label).toBe('List-Unsubscribe header');
  });
});
