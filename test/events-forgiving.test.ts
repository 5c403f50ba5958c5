import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type ParsedEvent, parseEvent } from '../events/parse.ts';
import { fullEvent } from '../events/split-event.ts';

const at = 1_760_000_000_000;
const order = (payload: object, more: object = {}) => ({
  event_id: 'evt_1',
  event_type: 'order.completed',
  user_id: 'ada_1',
  timestamp: at,
  payload: { order_id: 'o_1', total: 12.5, currency: 'EUR', ...payload },
  ...more,
});

const parse = (body: object) => parseEvent(new TextEncoder().encode(JSON.stringify(body)));

function accepted(body: object): ParsedEvent {
  const result = parse(body);
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result.parsed;
}

const contactOf = (contact: object) => accepted(order({ contact })).contact;
const consentOf = (consent: object) => accepted(order({ consent })).consent;
const droppedFrom = (payload: object) => (accepted(order(payload)).dropped ?? []).map(({ field }) => field);

describe('a locale', () => {
  it.each([
    ['en_US', 'en-US'],
    ['pt_BR', 'pt-BR'],
    ['EN-us', 'en-US'],
    ['en_US.UTF-8', 'en-US'],
    ['en_US_POSIX', 'en-US'],
    ['de-DE-u-co-phonebk', 'de-DE'],
    ['de_DE@euro', 'de-DE'],
    [' fr-CA ', 'fr-CA'],
    ['zh_Hans_CN', 'zh-Hans-CN'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['sr_Latn_RS', 'sr-Latn-RS'],
    ['de', 'de'],
    ['iw', 'he'],
    ['es-419', 'es-419'],
  ])('%j is %s', (written, locale) => {
    expect(contactOf({ locale: written })).toEqual({ locale });
  });

  it.each(['', '!', 'English', 'C', 'POSIX', 'not a locale', 'x', '42', 'en-US, en', 'e'.repeat(65), {}, true])(
    '%j is dropped',
    (written) => {
      expect(droppedFrom({ contact: { locale: written } })).toEqual(['payload.contact.locale']);
    },
  );
});

describe('a country', () => {
  it.each([
    ['DE', 'DE'],
    ['de', 'DE'],
    ['DEU', 'DE'],
    ['USA', 'US'],
    ['U.S.A.', 'US'],
    ['UK', 'GB'],
    ['U.K.', 'GB'],
    ['United States', 'US'],
    ['united states of america', 'US'],
    ['Deutschland', 'DE'],
    ['Österreich', 'AT'],
    ['España', 'ES'],
    [' Brazil ', 'BR'],
    ['Brasil', 'BR'],
    ['日本', 'JP'],
    ['Czechia', 'CZ'],
    ['England', 'GB'],
    ['276', 'DE'],
    [276, 'DE'],
  ])('%j is %s', (written, country) => {
    expect(contactOf({ country: written })).toEqual({ country });
  });

  it.each(['', 'XX', 'ZZZ', 'Europe', 'Berlin', '+49', '?', '0', 'n/a', ['DE'], false])('%j is dropped', (written) => {
    expect(droppedFrom({ contact: { country: written } })).toEqual(['payload.contact.country']);
  });
});

describe('a time zone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    [' Asia/Kolkata ', 'Asia/Kolkata'],
    ['America/New York', 'America/New_York'],
    ['W. Europe Standard Time', 'Europe/Berlin'],
    ['Eastern Standard Time', 'America/New_York'],
    ['Tokyo Standard Time', 'Asia/Tokyo'],
    ['India Standard Time', 'Asia/Calcutta'],
    ['Eastern Time (US & Canada)', 'America/New_York'],
    ['(GMT+01:00) Berlin', 'Europe/Berlin'],
    ['(GMT-08:00) Pacific Time (US & Canada)', 'America/Los_Angeles'],
    ['Edinburgh', 'Europe/London'],
    ['Mumbai', 'Asia/Kolkata'],
    ['UTC', 'UTC'],
    ['Kyiv', 'Europe/Kiev'],
  ])('%j is %s', (written, time_zone) => {
    const read = contactOf({ time_zone: written })?.time_zone;
    // Two names of one zone are the same to those who read it, and which of them a table uses changes with its version.
    const same = (zone = '') => new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
    expect(same(read)).toBe(same(time_zone));
  });

  it.each(['', '+02:00', 'Mars/Base', 'GMT+25', 'local', 'Berlin Time', 'null', 'W. Mars Standard Time', 3600, []])(
    '%j is dropped',
    (written) => {
      expect(droppedFrom({ contact: { time_zone: written } })).toEqual(['payload.contact.time_zone']);
    },
  );
});

describe('an address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['  Ada.Lovelace+tea@EXAMPLE.com ', 'Ada.Lovelace+tea@example.com'],
    ["o'hara@example.com", "o'hara@example.com"],
    ['a&b!#$%*/=?^`{|}~@example.com', 'a&b!#$%*/=?^`{|}~@example.com'],
    ['"john..doe"@example.com', '"john..doe"@example.com'],
    ['"ada lovelace"@example.com', '"ada lovelace"@example.com'],
    ['"ada"@example.com', 'ada@example.com'],
    ['Ada Lovelace <ada@example.com>', 'ada@example.com'],
    ['"Lovelace, Ada" <ada@example.com>', 'ada@example.com'],
    ['<ada@example.com>', 'ada@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
    ['ada@example.xn--p1ai', 'ada@example.xn--p1ai'],
    ['1@a-b.example.com', '1@a-b.example.com'],
  ])('%j is %s', (written, email) => {
    expect(contactOf({ email: written })).toEqual({ email });
  });

  it.each([
    'ada',
    '',
    'ada@',
    '@example.com',
    'ada@example',
    'ada@localhost',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'a@x.org, b@x.org',
    'adä@x.org',
    'a@x.org\r\nBcc: b@x.org',
    'a..b@x.org',
    '.a@x.org',
    'a b@x.org',
    'a@x..org',
    'a@-x.org',
    '"a@b"@x.org',
    '"a\\"b"@x.org',
    'friends: a@x.org;',
    `${'a'.repeat(65)}@x.org`,
    `a@${'b'.repeat(64)}.org`,
    42,
    null,
  ])('%j is dropped', (written) => {
    const { contact, dropped } = accepted(order({ contact: { email: written, name: 'Ada' } }));
    expect(contact).toEqual({ name: 'Ada' });
    expect(dropped ?? []).toHaveLength(written === null ? 0 : 1);
  });
});

describe('what is only written in another type', () => {
  it.each([
    [{ total: '12.50' }, { total: 12.5 }],
    [{ total: ' 12 ' }, { total: 12 }],
    [{ order_id: 1001 }, { order_id: '1001' }],
    [{ order_id: ' o_2 ' }, { order_id: 'o_2' }],
    [{ currency: 'eur' }, { currency: 'EUR' }],
    [{ currency: ' usd ' }, { currency: 'USD' }],
    [{ cart_id: 7 }, { cart_id: '7' }],
    [{ items: [{ name: 'Tea', quantity: '2', price: '3.50' }] }, { items: [{ name: 'Tea', quantity: 2, price: 3.5 }] }],
    [{ items: [{ name: 42, quantity: 1, price: 3 }] }, { items: [{ name: '42', quantity: 1, price: 3 }] }],
    [{ items: {} }, { items: [] }],
    [{ total: '-3' }, { total: -3 }],
  ])('%j', (written, read) => {
    const { event, personal, dropped } = accepted(order(written));
    expect(fullEvent(event, personal).payload).toMatchObject(read);
    expect(dropped).toBeUndefined();
  });

  it('is PHP’s empty list for an empty object', () => {
    expect(accepted(order({ contact: [], consent: [] }, { metadata: [] }))).toEqual(accepted(order({})));
    const created = { ...order({}), event_type: 'contact.updated', payload: [] };
    expect(parse(created)).toMatchObject({ ok: false, error: expect.stringContaining('payload.contact') });
    expect(parse({ ...order({}), event_type: 'user.returned', payload: [] })).toMatchObject({ ok: true });
  });

  it('is a fraction of a millisecond', () => {
    expect(accepted(order({}, { timestamp: at + 0.75 })).event.timestamp).toBe(at);
    expect(consentOf({ topics: ['offers'], captured_at: `${at}` })?.captured_at).toBe(at);
    expect(consentOf({ topics: ['offers'], captured_at: at + 0.5 })?.captured_at).toBe(at);
  });

  it('is a topic without its list', () => {
    expect(consentOf({ topics: 'offers' })?.topics).toEqual(['offers']);
    expect(consentOf({ topics: ' ' })?.topics).toEqual([]);
    expect(consentOf({ topics: 'offers, newsletter' })?.topics).toEqual(['offers', 'newsletter']);
    expect(consentOf({ topics: [' offers ', 7, null, ''] })?.topics).toEqual(['offers', '7']);
  });

  it.each(['twelve', '12,50', '1e3', '', ' ', '0x10', '12.5 EUR', true, [], {}])('is not %j as a total', (total) => {
    expect(parse(order({ total }))).toMatchObject({ ok: false, reason: 'invalid_payload' });
  });
});

describe('an optional field that cannot be used', () => {
  it.each([
    [{ items: [{ name: 'Tea', quantity: 0, price: 1 }] }, 'payload.items'],
    [{ items: 'Tea' }, 'payload.items'],
    [{ cart_id: 'ada@example.com' }, 'payload.cart_id'],
    [{ cart_id: {} }, 'payload.cart_id'],
    [{ contact: 'ada' }, 'payload.contact'],
    [{ contact: [{ email: 'ada@example.com' }] }, 'payload.contact'],
    [{ contact: { name: 'Ada\nBcc: x' } }, 'payload.contact.name'],
    [{ contact: { name: 'A'.repeat(201) } }, 'payload.contact.name'],
    [{ consent: true }, 'payload.consent'],
    [{ consent: { basis: 'withdrawn' } }, 'payload.consent.basis'],
    [{ consent: { captured_at: 'yesterday' } }, 'payload.consent.captured_at'],
    [{ consent: { captured_at: 1_760_000_000 } }, 'payload.consent.captured_at'],
    [{ consent: { topics: ['offers', 't'.repeat(129)] } }, 'payload.consent.topics.1'],
    [{ consent: { ip: 'x'.repeat(65) } }, 'payload.consent.ip'],
  ])('%j costs the event nothing else, and is named', (payload, field) => {
    const { event, dropped } = accepted(order(payload));
    expect(event.payload).toMatchObject({ order_id: 'o_1', total: 12.5, currency: 'EUR' });
    expect(dropped).toEqual([{ field, problem: expect.any(String) }]);
  });

  it('costs an opt-out nothing else either', () => {
    const odd = {
      locale: 'x_y_z!',
      basis: 'withdrawn',
      captured_at: 'now',
      actor: {},
      confirmed_at: [],
      evidence: 1.5,
    };
    for (const [field, value] of Object.entries(odd)) {
      const payload = { contact: { time_zone: '' }, consent: { topics: ['offers'], [field]: value } };
      const { consent } = accepted({ ...order({}), event_type: 'consent.revoked', payload });
      expect(consent?.topics).toEqual(['offers']);
    }
  });

  it('is named where nothing is left of what the event is about', () => {
    const updated = { ...order({}), event_type: 'contact.updated', payload: { contact: { email: 'ada@' } } };
    expect(accepted(updated).contact).toEqual({});
    const revoked = { ...order({}), event_type: 'consent.revoked', payload: { consent: { topics: [{}] } } };
    expect(parse(revoked)).toEqual({
      ok: false,
      reason: 'invalid_payload',
      error: expect.stringMatching(/topics: must name at least one topic/),
    });
  });
});

describe('an unknown field', () => {
  const signUp = (payload: object, more: object = {}) => ({
    ...order({}, more),
    event_type: 'user.signed_up',
    payload,
  });

  it.each([
    [signUp({ plna: 'pro' }), 'payload.plna', 'plan'],
    [signUp({ Plan: 'pro' }), 'payload.Plan', 'plan'],
    [signUp({ contact: { emial: 'ada@example.com' } }), 'payload.contact.emial', 'email'],
    [signUp({ contact: { timeZone: 'UTC' } }), 'payload.contact.timeZone', 'time_zone'],
    [signUp({ contact: { timezone: 'UTC' } }), 'payload.contact.timezone', 'time_zone'],
    [signUp({ contact: { contry: 'DE' } }), 'payload.contact.contry', 'country'],
    [signUp({ consent: { topic: ['offers'] } }), 'payload.consent.topic', 'topics'],
    [signUp({ consent: { capturedAt: at } }), 'payload.consent.capturedAt', 'captured_at'],
    [signUp({ contcat: {} }), 'payload.contcat', 'contact'],
    [signUp({}, { metdata: {} }), 'metdata', 'metadata'],
  ])('that looks like a slip is named with what was meant: %j', (body, field, meant) => {
    expect(accepted(body).dropped).toEqual([
      expect.objectContaining({ field, problem: expect.stringContaining(meant) }),
    ]);
  });

  it('that looks like nothing of ours is no business of ours', () => {
    expect(
      accepted(signUp({ favourite_colour: 'red', x: 1, 'ada@example.com': 2 }, { shop: 'x' })).dropped,
    ).toBeUndefined();
  });

  it('is no slip where the field that it looks like is there too', () => {
    expect(accepted(signUp({ plan: 'pro', plans: 3 })).dropped).toBeUndefined();
  });

  it('among 20,000 is not looked for', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, 1]));
    expect(accepted(signUp(many)).dropped).toBeUndefined();
  });
});

describe('a user id', () => {
  it.each([
    'auth0|5f7c',
    'YWRhbG92ZWxhY2U=',
    'gid://shop/User/1',
    'a/b+c==',
    '{"id":7}',
    "o'hara",
    '~',
    '0',
    'u#1',
    'a'.repeat(128),
  ])('may be %s', (user_id) => {
    expect(accepted(order({}, { user_id })).event.user_id).toBe(user_id);
  });

  it.each(['', ' ', 'a b', 'ada@example.com', 'ada%40example.com', 'ä', 'a\n', 'a'.repeat(129), 7, null])(
    'may not be %j',
    (user_id) => {
      expect(parse(order({}, { user_id }))).toMatchObject({ ok: false, reason: 'invalid_user_id' });
    },
  );
});

it('an event with any damage in its optional fields is accepted, with all that is required', () => {
  const optional = ['items', 'cart_id', 'contact', 'consent'] as const;
  const inside = [
    'email',
    'name',
    'locale',
    'time_zone',
    'country',
    'topics',
    'source',
    'captured_at',
    'basis',
  ] as const;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...optional), fc.jsonValue()),
      fc.dictionary(fc.constantFrom(...inside), fc.jsonValue()),
      fc.jsonValue(),
      (payload, block, metadata) => {
        const odd = accepted(order({ contact: block, consent: block, ...payload }, { metadata }));
        expect(odd.event.payload).toMatchObject({ order_id: 'o_1', total: 12.5, currency: 'EUR' });
      },
    ),
    { numRuns: 1_000 },
  );
});

const required: [path: string, reason: string][] = [
  ['event_id', 'invalid_event_id'],
  ['user_id', 'invalid_user_id'],
  ['timestamp', 'invalid_timestamp'],
  ['event_type', 'invalid_envelope'],
  ['payload', 'invalid_payload'],
  ['payload.order_id', 'invalid_payload'],
  ['payload.total', 'invalid_payload'],
  ['payload.currency', 'invalid_payload'],
];

it('an event with damage in a required field is refused for that field', () => {
  const unusable = fc.constantFrom<unknown>(undefined, null, '', ' ', true, {}, [], ['x'], { a: 1 }, 'ä b', 'a@b');
  fc.assert(
    fc.property(fc.constantFrom(...required), unusable, ([path, reason], value) => {
      const body = order({});
      const [field, inner] = path.split('.');
      if (inner === undefined) Object.assign(body, { [field!]: value });
      else Object.assign(body.payload, { [inner]: value });
      const result = parse(body);
      // A type that is text is one that nobody knows.
      const expected = path === 'event_type' && typeof value === 'string' ? 'unknown_event_type' : reason;
      expect(result).toMatchObject({ ok: false, reason: expected });
    }),
    { numRuns: 1_000 },
  );
});
