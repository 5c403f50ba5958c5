import { expect, it } from 'vitest';

import { maskedText } from '../activities/mailers/masked-text.ts';

const recipient = ['zq.secret+tea@example.com', 'Zebulon Quackenbush'];
const mask = (text: unknown) => maskedText(text, recipient);

it.each([
  ['Invalid display name Zebulon Quackenbush'],
  ['Mailbox of QUACKENBUSH, Zebulon is full'],
  ["user 'zq.secret' unknown"],
  ['zq.secret+tea@example.com is unknown'],
  ['zq.secret%2Btea%40example.com is unknown'],
  ['zq.secret+tea\uff20example.com is unknown'],
  ['\uff3aebulon \uff31uackenbush'],
  ['zq.secret+tea @ example.com is unknown'],
  ['"zq secret"@example.com is unknown'],
  ['=?utf-8?q?zq.secret=40example.com?= is unknown'],
  ['=?utf-8?B?WmVidWxvbiBRdWFja2VuYnVzaA==?= is unknown'],
  ['=?utf-8?q?Zebulon_Qua'],
  ['zq.secret=2Btea=40example.com'],
  ['zq.secret&#43;tea&#64;example.com'],
  ['zq.secret&#x2b;tea&#x40;example.com'],
  ['Zebulon_Quackenbush'],
  [`${'x'.repeat(490)}Zebulon`],
])('a provider that says %s does not say who it is', (said) => {
  const masked = mask(said);
  expect(masked).not.toMatch(/zebulon|quackenb|zq|secret|WmVidWxvbi/i);
  expect(masked).not.toContain('\uff3a');
});

it('the rest of the text is what an operator needs, and it is short', () => {
  expect(mask('550 5.7.1 Message to Zebulon rejected due to content (see http://mail.example.org/x7)')).toBe(
    '550 5.7.1 Message to [recipient] rejected due to content (see http://mail.example.org/x7)',
  );
  expect(mask('no '.repeat(100_000))).toHaveLength(500);
  expect([mask(undefined), mask(null), mask(7)]).toEqual(['', '', '']);
});

it('signs of a pattern in an address are letters like others', () => {
  expect(maskedText('user a+b*c(d unknown; abc known', ['a+b*c(d@example.com'])).toBe(
    'user [recipient] unknown; abc known',
  );
});
