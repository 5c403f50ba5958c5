import { describe, expect, it } from 'vitest';

import { classesIn, type FieldClass } from '../events/field-classes.ts';
import { type EventType, eventTypes } from '../events/index.ts';
import { parseEvent } from '../events/parse.ts';
import { fullEvent, fullPayload } from '../events/split-event.ts';
import { sampleOf } from '../cli/sample.ts';

const types = Object.keys(eventTypes) as EventType[];

/** What each event type needs beside the fields of its schema. */
const blocks = { contact: { email: 'ada@example.com' }, consent: { topics: ['offers'] } };

function parse(event_type: EventType, payload: object, metadata?: object) {
  const event = { event_id: 'e_1', event_type, user_id: 'u_1', timestamp: 1_760_000_000_000 };
  const whole = { ...event, payload: { ...blocks, ...payload }, ...(metadata && { metadata }) };
  return parseEvent(new TextEncoder().encode(JSON.stringify(whole)));
}

function accepted(event_type: EventType, payload: object, metadata?: object) {
  const result = parse(event_type, payload, metadata);
  if (!result.ok) throw new Error(result.error);
  return result.parsed;
}

const cart = {
  cart_id: 'c_1',
  total: 25,
  currency: 'EUR',
  items: [
    { name: 'Tea', quantity: 2, price: 6.25 },
    { name: 'Cup', quantity: 1, price: 12.5 },
  ],
  url: 'https://shop.example.com/carts/ada',
};

describe('an event is split', () => {
  it('by the classes of its fields, in lists too', () => {
    expect(accepted('cart.abandoned', cart)).toMatchObject({
      event: {
        payload: {
          cart_id: 'c_1',
          total: 25,
          currency: 'EUR',
          items: [
            { quantity: 2, price: 6.25 },
            { quantity: 1, price: 12.5 },
          ],
        },
      },
      personal: { payload: { items: [{ name: 'Tea' }, { name: 'Cup' }], url: 'https://shop.example.com/carts/ada' } },
    });
    expect(JSON.stringify(accepted('cart.abandoned', cart).event)).not.toMatch(/Tea|Cup|shop\.example/);
  });

  it('and joined again as it was, also after both parts were kept as JSON', () => {
    const { event, personal } = accepted('cart.abandoned', cart, { source: 'web', note: 'Ada likes tea' });
    const kept = JSON.parse(JSON.stringify({ event, personal })) as { event: typeof event; personal: typeof personal };
    expect(fullPayload(kept.event, kept.personal)).toEqual(cart);
    expect(fullEvent(kept.event, kept.personal).metadata).toEqual({ source: 'web', note: 'Ada likes tea' });
  });

  it('an event whose fields are all personal has an empty public payload, and the other way round nothing personal', () => {
    expect(accepted('user.became_inactive', { last_seen_at: 1_750_000_000_000 })).toMatchObject({
      event: { payload: {} },
      personal: { payload: { last_seen_at: 1_750_000_000_000 } },
    });
    expect(accepted('trial.started', { trial_ends_at: 1_770_000_000_000 }).personal).toEqual({});
  });

  it('joins nothing where nothing personal is known, such as after an erasure', () => {
    const { event } = accepted('cart.abandoned', cart);
    expect(fullPayload(event, {})).toEqual(event.payload);
  });
});

describe('no public text field takes an address', () => {
  const fields = types.flatMap((type) =>
    Object.entries(classesIn(eventTypes[type]) as Record<string, FieldClass>)
      .filter(([path, found]) => found === 'public' && !path.includes('['))
      .map(([path]) => [type, path] as const),
  );
  const spellings = [
    'zq.secret@example.com',
    'Zebulon <zq.secret@example.com>',
    'zq.secret%40example.com',
    'zq.secret\uff20example.com',
    'zq.secret\ufe6bexample.com',
    'zq.secret @ example.com',
    '=?utf-8?q?zq.secret=40example.com?=',
    'zq.secret&#64;example.com',
    'z'.repeat(65) + ' q',
    'zq\nsecret',
  ];

  it.each(fields)('%s: %s', (type, field) => {
    const sample = sampleOf(eventTypes[type]);
    for (const spelling of spellings) {
      const result = parse(type, { ...sample, [field]: spelling });
      const enters = result.ok ? JSON.stringify(result.parsed.event) : result.error;
      expect(enters).not.toMatch(/secret|Zebulon|zzzz/);
      if (result.ok) expect(result.parsed.dropped).toMatchObject([{ field: `payload.${field}` }]);
      else expect(result).toMatchObject({ reason: 'invalid_payload', error: expect.stringContaining(field) });
    }
  });

  it('but plans have names of several words, in any script', () => {
    for (const plan of ['pro', 'Team plan (annual)', 'Équipe 10+', 'プロ']) {
      expect(accepted('user.signed_up', { plan }).event.payload).toEqual({ plan });
    }
  });

  it('an unusable optional field costs the event nothing else, and its name is kept', () => {
    const parsed = accepted('order.completed', { order_id: 'o_1', total: 1, currency: 'EUR', cart_id: 'a b' });
    expect(parsed.event.payload).toEqual({ order_id: 'o_1', total: 1, currency: 'EUR' });
    expect(parsed.dropped).toMatchObject([{ field: 'payload.cart_id' }]);
  });
});
