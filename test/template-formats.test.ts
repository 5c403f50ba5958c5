import { describe, expect, it } from 'vitest';

import { format } from '../templates/format.ts';
import { compileHtml, compileText } from '../templates/words.ts';

const english = { locale: 'en', timeZone: 'UTC' };
const filled = (source: string, n: unknown) => compileText(source)({ person: {}, event: { n }, links: {} }, english);

describe('a negative zero is shown as zero', () => {
  it.each([
    ['{{number event.n}}', -0, '0'],
    ['{{number event.n}}', '-0', '0'],
    ['{{number event.n}}', '-0.0', '0'],
    ['{{number event.n}}', -0.0001, '0'],
    ['{{number event.n}}', '-1e-9', '0'],
    ['{{number -0}}', 1, '0'],
    ['{{money event.n "EUR"}}', -0, '€0.00'],
    ['{{money event.n "EUR"}}', -0.001, '€0.00'],
    ['{{money event.n "EUR"}}', '-0.004', '€0.00'],
    ['{{money event.n "JPY"}}', -0.4, '¥0'],
    ['{{money event.n "KWD"}}', -0.0004, 'KWD 0.000'],
    ['{{plural event.n one="# day" other="# days"}}', -0, '0 days'],
    ['{{plural event.n one="# day" other="# days"}}', '-0', '0 days'],
    ['{{event.n}}', -0, '0'],
    ['{{date event.n}}', -0, 'January 1, 1970'],
    ['{{#if event.n}}some{{else}}none{{/if}}', -0, 'none'],
    ['{{#unless event.n}}none{{/unless}}', -0, 'none'],
    ['{{#if (eq event.n 0)}}none{{/if}}', -0, 'none'],
  ])('%s of %o: %s', (source, n, shown) => {
    expect(filled(source, n).replace('\u00a0', ' ')).toBe(shown);
  });

  it.each(['de', 'ar', 'fa', 'hi', 'sv', 'he', 'ja', 'pt-PT', 'lt', 'en-IN'])('in %s too', (locale) => {
    const reader = { locale, timeZone: 'UTC' };
    expect(format.number(reader, -0)).toBe(format.number(reader, 0));
    expect(format.money(reader, -0.001, 'EUR')).toBe(format.money(reader, 0, 'EUR'));
  });

  it.each([
    ['{{number event.n}}', -1, '-1'],
    ['{{number event.n}}', -0.001, '-0.001'],
    ['{{money event.n "EUR"}}', -0.005, '-€0.01'],
    ['{{money event.n "EUR"}}', -12.5, '-€12.50'],
    ['{{money event.n "JPY"}}', -1, '-¥1'],
    ['{{plural event.n one="# day" other="# days"}}', -2, '-2 days'],
    ['{{#if event.n}}some{{else}}none{{/if}}', -1, 'some'],
  ])('and a number below it keeps its sign: %s of %o: %s', (source, n, shown) => {
    expect(filled(source, n)).toBe(shown);
  });
});

describe('{{url}} encodes a value for a part of a link', () => {
  it.each([
    ['a b&c=d', 'a%20b%26c%3Dd'],
    ['../admin?x#y', '..%2Fadmin%3Fx%23y'],
    ['https://example.com/', 'https%3A%2F%2Fexample.com%2F'],
    ['100%', '100%25'],
    ['50% &amp; "more" <b>', '50%25%20%26amp%3B%20%22more%22%20%3Cb%3E'],
    ["it's (so)!*", 'it%27s%20%28so%29%21%2A'],
    ['Zürich 東京', 'Z%C3%BCrich%20%E6%9D%B1%E4%BA%AC'],
    ['👩‍🚀', '%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80'],
    ['a\ud83d', 'a%EF%BF%BD'],
    ['\udc00b', '%EF%BF%BDb'],
    ['a\r\nb\tc', 'a%0D%0Ab%09c'],
    ['a+b@example.com', 'a%2Bb%40example.com'],
    ['{{event.secret}}', '%7B%7Bevent.secret%7D%7D'],
    ['a-b_c.d~e', 'a-b_c.d~e'],
    ['', ''],
    [12.5, '12.5'],
    [-0, '0'],
    [true, 'true'],
  ])('%j: %s, in HTML and in text', (value, encoded) => {
    const data = { person: {}, event: { value }, links: {} };
    expect(compileText('{{url event.value}}')(data, english)).toBe(encoded);
    expect(compileHtml('{{url event.value}}')(data, english)).toBe(encoded);
  });

  it('takes what another helper makes', () => {
    expect(filled('{{url (date event.n)}}', 0)).toBe('January%201%2C%201970');
  });

  it.each([
    [undefined, 'nothing'],
    [null, 'an object'],
    [{ a: 1 }, 'an object'],
    [['a'], 'an object'],
    [Number.NaN, 'null'],
    [Number.POSITIVE_INFINITY, 'null'],
  ])('and refuses %j, which no link can hold', (value, named) => {
    expect(() => format.url(value)).toThrow(`url needs a text or a number and was given ${named}`);
  });
});
