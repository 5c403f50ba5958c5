import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maxEventBytes, type ParsedEvent, parseEvent } from '../events/parse.ts';
import { fullEvent } from '../events/split-event.ts';

/** What Ada's shop publishes when she pays; each test bends one thing of it. */
const adaPays = () => ({
  event_id: 'evt_1',
  event_type: 'order.completed',
  user_id: 'ada_1',
  timestamp: 1_760_000_000_000,
  payload: { order_id: 'o_1', total: 12.5, currency: 'EUR' },
});

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const parse = (value: unknown) => parseEvent(json(value));
const parseText = (text: string) => parseEvent(new TextEncoder().encode(text));

function accepted(value: unknown): ParsedEvent {
  const result = parse(value);
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result.parsed;
}

const order = (change: object) => ({ ...adaPays(), payload: { ...adaPays().payload, ...change } });
const contact = (change: object) => order({ contact: change });
const without = (field: string) => Object.fromEntries(Object.entries(adaPays()).filter(([name]) => name !== field));

describe('an event that is wrong is refused, with the reason', () => {
  const bodies: [what: string, body: unknown, reason: string, names: string][] = [
    ['an array', [adaPays()], 'not_an_object', 'JSON object'],
    ['a string', 'ada pays', 'not_an_object', 'JSON object'],
    ['a number', 7, 'not_an_object', 'JSON object'],
    ['null', null, 'not_an_object', 'JSON object'],
    ['no event_id', without('event_id'), 'invalid_event_id', 'event_id'],
    ['an empty event_id', { ...adaPays(), event_id: '' }, 'invalid_event_id', 'event_id'],
    ['an event_id of 129 characters', { ...adaPays(), event_id: 'e'.repeat(129) }, 'invalid_event_id', 'event_id'],
    ['an event_id with a slash', { ...adaPays(), event_id: 'a/b' }, 'invalid_event_id', 'event_id'],
    ['an event_id with a newline at its end', { ...adaPays(), event_id: 'e_1\n' }, 'invalid_event_id', 'event_id'],
    ['an address as event_id', { ...adaPays(), event_id: 'ada@example.com' }, 'invalid_event_id', 'event_id'],
    ['a number as event_id', { ...adaPays(), event_id: 7 }, 'invalid_event_id', 'event_id'],
    ['no user_id', without('user_id'), 'invalid_user_id', 'user_id'],
    ['an address as user_id', { ...adaPays(), user_id: 'ada@example.com' }, 'invalid_user_id', 'user_id'],
    ['no event_type', without('event_type'), 'invalid_envelope', 'event_type'],
    ['an event_type nobody knows', { ...adaPays(), event_type: 'order.lost' }, 'unknown_event_type', 'event_type'],
    ['constructor as event_type', { ...adaPays(), event_type: 'constructor' }, 'unknown_event_type', 'event_type'],
    ['__proto__ as event_type', { ...adaPays(), event_type: '__proto__' }, 'unknown_event_type', 'event_type'],
    ['no payload', without('payload'), 'invalid_payload', 'payload'],
    ['a payload of null', { ...adaPays(), payload: null }, 'invalid_payload', 'payload'],
    ['a payload that is a list', { ...adaPays(), payload: [] }, 'invalid_payload', 'payload'],
    ['an order without a total', order({ total: undefined }), 'invalid_payload', 'payload.total'],
    ['an order whose total is in words', order({ total: 'twelve' }), 'invalid_payload', 'payload.total'],
    ['a currency that is a number', order({ currency: 978 }), 'invalid_payload', 'payload.currency'],
    ['an order whose total is null', order({ total: null }), 'invalid_payload', 'payload.total'],
    ['an address as order_id', order({ order_id: 'ada@example.com' }), 'invalid_payload', 'payload.order_id'],
    ['an address spelled otherwise as order_id', order({ order_id: 'ada%40x.org' }), 'invalid_payload', 'an id'],
    ['no timestamp', without('timestamp'), 'invalid_timestamp', 'timestamp'],
    ['a timestamp in seconds', { ...adaPays(), timestamp: 1_760_000_000 }, 'invalid_timestamp', 'in seconds?'],
    ['a timestamp as text', { ...adaPays(), timestamp: '1760000000000' }, 'invalid_timestamp', 'a number'],
    ['a timestamp in microseconds', { ...adaPays(), timestamp: 1_760_000_000_000_000 }, 'invalid_timestamp', 'micro'],
  ];

  it.each(bodies)('%s', (_what, body, reason, names) => {
    expect(parse(body)).toEqual({ ok: false, reason, error: expect.stringContaining(names) });
  });

  it('text that is not JSON, and no text at all', () => {
    expect(parseText('ada paid 12.50')).toMatchObject({ ok: false, reason: 'invalid_json' });
    expect(parseText('')).toMatchObject({ ok: false, reason: 'invalid_json' });
    expect(parseText('{"event_id":')).toMatchObject({ ok: false, reason: 'invalid_json' });
  });

  it('bytes that are not UTF-8', () => {
    expect(parseEvent(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d))).toMatchObject({
      ok: false,
      reason: 'invalid_utf8',
    });
  });

  it('a body over 256 KiB, while one of exactly 256 KiB is read', () => {
    const { length } = json(order({ note: '' }));
    const filled = (bytes: number) => json(order({ note: 'n'.repeat(bytes - length) }));
    expect(filled(maxEventBytes)).toHaveLength(262_144);
    expect(parseEvent(filled(maxEventBytes))).toMatchObject({ ok: true });
    expect(parseEvent(filled(maxEventBytes + 1))).toMatchObject({ ok: false, reason: 'too_large' });
  });

  it('with every mistake of the payload named at once', () => {
    const wrong = { total: 'x', contact: { email: 'x', locale: '!' }, consent: { captured_at: 1 } };
    const result = parse(order(wrong));
    expect(result).toMatchObject({ ok: false, reason: 'invalid_payload' });
    const error = result.ok ? '' : result.error;
    for (const path of ['payload.total', 'contact.email', 'contact.locale', 'consent.captured_at'])
      expect(error).toContain(path);
  });
});

describe('an event that is right', () => {
  it('loses every field that nobody asked for, wherever it stands', () => {
    const { event, personal } = accepted({
      ...order({ coupon: 'x', items: [{ name: 'Tea', quantity: 1, price: 3, sku: 9 }] }),
      shop: 'x',
    });
    expect(fullEvent(event, personal)).toEqual({
      ...adaPays(),
      payload: { ...adaPays().payload, items: [{ name: 'Tea', quantity: 1, price: 3 }] },
    });
  });

  it('is split from who Ada is and what she agreed to', () => {
    const who = { email: 'Ada@Example.com', name: 'Ada', locale: 'pt-BR', time_zone: 'Europe/Berlin', country: 'de' };
    const agreed = { topics: ['offers', 'a topic of tomorrow'], source: 'checkout', captured_at: 1_750_000_000_000 };
    const parsed = accepted(order({ contact: { ...who, shoe_size: 38 }, consent: agreed }));
    expect(parsed.contact).toEqual({ ...who, email: 'Ada@example.com', country: 'DE' });
    expect(parsed.consent).toEqual(agreed);
    expect(parsed.event).toEqual(adaPays());
  });

  it('has no contact and no consent when none came', () => {
    expect(accepted(adaPays())).toEqual({ event: adaPays(), personal: {} });
  });

  it('may write null for a field it does not have', () => {
    const nothing = { contact: { email: 'ada@example.com', name: null }, consent: null, items: null, cart_id: null };
    expect(accepted({ ...order(nothing), metadata: null })).toEqual({
      event: adaPays(),
      personal: {},
      contact: { email: 'ada@example.com' },
    });
    expect(accepted(order({ contact: null }))).toEqual({ event: adaPays(), personal: {} });
  });

  it('keeps of its metadata what is text; of that only words under names that we know are public', () => {
    const metadata = { source: 'web', attempt: 3, nested: { a: 1 }, owner: 'ada@example.com', 'ada@example.com': 'x' };
    const { event, personal } = accepted({ ...adaPays(), metadata });
    expect(event.metadata).toEqual({ source: 'web' });
    expect(personal.metadata).toEqual({ attempt: '3', owner: 'ada@example.com', 'ada@example.com': 'x' });
    const said = { source: 'Ada called from 555-0177', region: 'eu-central-1' };
    expect(accepted({ ...adaPays(), metadata: said })).toMatchObject({
      event: { metadata: { region: 'eu-central-1' } },
      personal: { metadata: { source: said.source } },
    });
    expect(accepted({ ...adaPays(), metadata: 'web' }).event).toEqual(adaPays());
  });

  it.each(['0198c7d2-5b1e-7c3a-9f00-1234567890ab', 'shop:42.v_1-x', 'e'.repeat(128)])('may be called %s', (id) => {
    expect(accepted({ ...adaPays(), event_id: id, user_id: id }).event).toMatchObject({ event_id: id, user_id: id });
  });

  it.each([
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['  Ada.Lovelace+tea@EXAMPLE.com ', 'Ada.Lovelace+tea@example.com'],
  ])('with the address %s is for %s', (written, email) => {
    expect(accepted(contact({ email: written })).contact).toEqual({ email });
  });

  it('reaches no prototype through __proto__ keys', () => {
    const text = JSON.stringify({ ...order({ contact: { email: 'ada@example.com' } }), metadata: { a: 'b' } });
    const poisoned = text.replaceAll('{', '{"__proto__":{"admin":"yes"},');
    const result = parseText(poisoned);
    expect(result).toMatchObject({ ok: true, parsed: { event: adaPays(), contact: { email: 'ada@example.com' } } });
    expect(JSON.stringify(result)).not.toContain('admin');
    expect({}).not.toHaveProperty('admin');
  });
});

describe('whatever comes', () => {
  const answers = (result: ReturnType<typeof parseEvent>) => typeof (result.ok ? 'yes' : result.error) === 'string';

  it('random bytes are answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => answers(parseEvent(bytes))),
      { numRuns: 500 },
    );
  });

  it('random JSON is answered, also in place of any field', () => {
    const field = fc.constantFrom(...Object.keys(adaPays()), 'metadata');
    const inner = fc.constantFrom('order_id', 'total', 'currency', 'items', 'cart_id', 'contact', 'consent');
    fc.assert(
      fc.property(fc.jsonValue(), field, inner, (value, name, part) => {
        const all = [value, { ...adaPays(), [name]: value }, order({ [part]: value })];
        return all.every((body) => answers(parse(body)));
      }),
      { numRuns: 500 },
    );
  });

  it('no message quotes what it refuses or drops', () => {
    const secret = 'S3CRET';
    const wrong = fc.constantFrom<unknown>(`${secret} ${secret}`, [secret], { [secret]: secret }, `${secret}@x y`);
    const places = fc.constantFrom<(value: unknown) => object>(
      (event_id) => ({ ...adaPays(), event_id }),
      (user_id) => ({ ...adaPays(), user_id }),
      (event_type) => ({ ...adaPays(), event_type }),
      (timestamp) => ({ ...adaPays(), timestamp }),
      (payload) => ({ ...adaPays(), payload: [payload] }),
      (total) => order({ total }),
      (currency) => order({ currency }),
      (items) => order({ items: [items] }),
      (name) => order({ items: [{ name: [name], quantity: 1, price: 1 }] }),
      (who) => order({ contact: [who] }),
      (email) => contact({ email }),
      (name) => contact({ name: `A\n${JSON.stringify(name)}` }),
      (locale) => contact({ locale }),
      (time_zone) => contact({ time_zone }),
      (country) => contact({ country }),
      (captured_at) => order({ consent: { captured_at } }),
      (topics) => order({ consent: { topics: { [secret]: topics } } }),
    );
    fc.assert(
      fc.property(places, wrong, (place, value) => {
        const result = parse(place(value));
        const says = result.ok ? result.parsed.dropped : result;
        expect(says).toBeDefined();
        expect(JSON.stringify(says)).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
    expect(JSON.stringify(parseText(`{"event_id": ${secret}`))).not.toContain(secret);
  });
});
