import { describe, expect, it } from 'vitest';

import { parseEvent } from '../events/parse.ts';

const now = 1_760_000_000_000;

function named(name: string) {
  const payload = { order_id: 'o_1', total: 10, currency: 'EUR', contact: { email: 'ada@example.com', name } };
  const event = { event_id: 'e_1', event_type: 'order.completed', user_id: 'u_1', timestamp: now, payload };
  const read = parseEvent(Buffer.from(JSON.stringify(event)));
  if (!read.ok) throw new Error(read.error);
  return read.parsed;
}

describe('the name of a person', () => {
  it.each([
    'Ada',
    'Ada Lovelace',
    'J.R.R. Tolkien',
    'Dr.Smith',
    'Jean-Luc O’Neill, Jr.',
    'María del Carmen de los Ángeles García López de la Vega',
    'Aung Win',
    'Johnny Cash',
    'Robert “Bob” Sale',
    '李娜',
    'محمد بن سلمان',
    'Σωκράτης',
    'Louis XIV',
    'R2D2',
    'Ada 🌸',
    'ada_1815',
  ])('may be %s', (name) => {
    const { contact, dropped } = named(name);
    expect(contact?.name).toBe(name);
    expect(dropped).toBeUndefined();
  });

  it.each([
    ['a URL', 'https://evil.example.com/win', 'links'],
    ['a URL of another scheme', 'Ada tg://join', 'links'],
    ['a domain', 'Ada evil.com', 'links'],
    ['a domain with a path', 'see bit.ly/abc', 'links'],
    ['a domain in capitals', 'EVIL.COM', 'links'],
    ['www', 'www.example', 'links'],
    ['a domain of full-width dots', 'evil。com', 'links'],
    ['a domain with invisible characters', 'evil.\u200bcom', 'links'],
    ['a domain in full-width letters', 'ｅｖｉｌ．ｃｏｍ', 'links'],
    ['an address', 'Ada ada@example.com', 'links'],
    ['a phone number', '+49 170 1234567', 'phone numbers'],
    ['a phone number in brackets', 'Call (555) 010-9999', 'phone numbers'],
    ['a phone number with Arabic digits', 'اتصل ٠٥٠١٢٣٤٥٦٧', 'phone numbers'],
    ['a prize', 'Congratulations, you won a phone', 'advertising'],
    ['an offer', 'Free casino bonus', 'advertising'],
    ['an amount', 'Win 500 €', 'advertising'],
    ['a per cent', '50% off', 'advertising'],
    ['an exclamation', 'Hurry up!', 'advertising'],
    ['a sentence', 'this is a message that somebody wants to reach another inbox by us', 'advertising'],
    ['a text', 'Ada '.repeat(30), 'at most 100'],
  ])('is left out when it is %s: the order still gets its receipt', (_, name, problem) => {
    const { contact, dropped, event } = named(name);
    expect(event.event_type).toBe('order.completed');
    expect(contact).toEqual({ email: 'ada@example.com' });
    expect(dropped).toEqual([{ field: 'payload.contact.name', problem: expect.stringContaining(problem) }]);
  });
});
