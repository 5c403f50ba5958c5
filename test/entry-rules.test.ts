import { describe, expect, it } from 'vitest';

import type { Event } from '../events/index.ts';
import { compileRule, type PersonNow, RuleMistake } from '../ingress/entry/rule.ts';

const order: Event<'order.completed'> = {
  event_id: 'order-1',
  event_type: 'order.completed',
  user_id: 'ada',
  timestamp: Date.parse('2026-11-24T12:00:00Z'),
  payload: {
    order_id: 'o_1',
    total: 25,
    currency: 'EUR',
    items: [
      { name: 'Tea', quantity: 2, price: 6.25 },
      { name: 'Cup', quantity: 1, price: 12.5 },
    ],
  },
  metadata: { source: 'web' },
};

const ask = (rule: string, person: PersonNow = {}, event: Event = order) =>
  compileRule(rule, event.event_type)(event, person);

describe('a rule says of an order of 25 EUR', () => {
  it.each([
    ['event.payload.total >= 20', true],
    ['event.payload.total > 25', false],
    ['event.payload.total == 25', true],
    ['event.payload.total in [25, 50]', true],
    ['event.payload.total * 2 > 49 && event.payload.total + 1.5 < 27', true],
    ['event.payload.currency == "EUR"', true],
    ['event.payload.currency in ["USD", "GBP"]', false],
    ['event.payload.items.exists(item, item.name == "Tea")', true],
    ['event.payload.items.all(item, item.price > 10.0)', false],
    ['event.payload.items.size() == 2', true],
    ['event.timestamp > timestamp("2026-11-24T11:59:59Z")', true],
    ['event.timestamp.getHours("Asia/Tokyo") == 21', true],
    ['event.type == "order.completed" && event.metadata.source == "web"', true],
    ['!has(event.payload.cart_id)', true],
    ['has(person.country) && person.country == "DE"', false],
    ['has(person.country) ? person.country == "DE" : event.payload.total > 20', true],
    ['event.payload.order_id.startsWith("o_")', true],
  ])('%s: %s', (rule, holds) => {
    expect(ask(rule)).toEqual({ holds });
  });

  it('what is known of the person', () => {
    const rule = 'person.country == "DE" && person.plan != "free" && person.locale.startsWith("de")';
    expect(ask(rule, { country: 'DE', plan: 'pro', locale: 'de-AT' })).toEqual({ holds: true });
    expect(ask(rule, { country: 'DE', plan: 'free', locale: 'de-AT' })).toEqual({ holds: false });
  });
});

describe('a rule that cannot be told', () => {
  it.each([
    ['person.country == "DE"', 'country is not known here; ask first, as in has(person.country)'],
    ['event.payload.cart_id == "c"', 'cart_id is not known here'],
    ['event.metadata.campaign == "x"', 'campaign is not known here'],
    ['event.payload.items.exists(item, item.colour == "red")', 'colour is not known here'],
  ])('%s counts as no, and says what is missing', (rule, said) => {
    expect(ask(rule)).toEqual({ failed: expect.stringContaining(said) });
  });
});

describe('a rule is refused when it is saved', () => {
  const long = Array.from({ length: 120 }, (_, index) => `event.payload.total == ${index}`).join(' || ');
  it.each([
    [
      'has a field that there is not',
      'event.payload.totl > 5',
      'there is no event.payload.totl; there are order_id, total',
    ],
    [
      'has one of the person',
      'person.name == "Ada"',
      'there is no person.name; there are locale, time_zone, country, plan',
    ],
    ['reaches for the host', 'event.constructor == "x"', 'there is no event.constructor'],
    ['reaches for prototypes', 'person.__proto__ == "x"', 'there is no person.__proto__'],
    [
      'names somebody unknown',
      'user.plan == "pro"',
      'Unknown variable: user at character 1; there are event and person',
    ],
    ['is not finished', 'person.plan ==', 'Unexpected token: EOF at character 15'],
    ['compares a number with a text', 'event.payload.total < "3"', 'no such overload: double < string'],
    ['is no yes or no', 'event.payload.total', 'it gives a double, and must give true or false'],
    ['has a regular expression', 'event.payload.order_id.matches("^(a+)+$")', 'matches() can take for ever'],
    ['hides one in a loop', 'event.payload.items.exists(i, i.name.matches("(a+)+"))', 'matches() can take for ever'],
    [
      'loops within a loop',
      'event.payload.items.all(a, event.payload.items.exists(b, a == b))',
      'a loop within another loop can take very long',
    ],
    ['is very long', long, 'at character'],
    ['is empty', '', 'Unexpected token'],
    ['is true for everybody', 'true', 'it is the same for everybody; leave `when` out'],
    ['is false for everybody', '1 == 2', 'set enabled: false'],
    ['is an assignment', 'event.payload.total = 5', 'at character'],
    ['calls what there is not', 'fetch("https://example.com") == "x"', 'fetch'],
  ])('because it %s', (_, rule, said) => {
    expect(() => compileRule(rule, 'order.completed')).toThrow(RuleMistake);
    expect(() => compileRule(rule, 'order.completed')).toThrow(said);
  });

  it('and the fields are those of its own event', () => {
    expect(() => compileRule('event.payload.total > 5', 'user.signed_up')).toThrow('there are plan');
    expect(
      ask('event.payload.plan == "pro"', {}, { ...order, event_type: 'user.signed_up', payload: { plan: 'pro' } }),
    ).toEqual({
      holds: true,
    });
  });
});
