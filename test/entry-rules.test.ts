import { describe, expect, it } from 'vitest';

import type { FullEvent } from '../events/index.ts';
import { compileRule, type PersonNow, RuleMistake } from '../ingress/entry/rule.ts';
import { routes } from '../ingress/routes.ts';

const order: FullEvent<'order.completed'> = {
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

const ask = (rule: string, person: PersonNow = {}, event: FullEvent = order) =>
  compileRule(rule, event.event_type)(event, person, Date.parse('2026-11-25T12:00:00Z'));

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
    ['now - event.timestamp <= duration("24h")', true],
    ['now - event.timestamp < duration("24h")', false],
    ['now < timestamp("2026-11-25T12:00:01Z") && event.payload.total > 0', true],
    ['event.type.startsWith("order.") && event.metadata.source == "web"', true],
    ['!has(event.payload.cart_id)', true],
    ['has(person.country) && person.country == "DE"', false],
    ['1 + event.payload.total == 26', true],
    ['event.payload.items.exists(item, item.quantity in [2, 3])', true],
    ['event.payload.items.exists(item, item.quantity == 2 && item.quantity * item.price > 12)', true],
    ['event.payload.items.filter(item, item.price > 10).size() == 1', true],
    ['event.payload.items.filter(item, item.price > 10).exists(item, item.name == "Tea")', false],
    ['event.payload.items[0].name == "Tea"', true],
    ['event.payload["total"] == 25', true],
    ['has(event.metadata.campaign) && event.metadata.campaign == "x"', false],
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
    ['event.metadata["campaign"] == "x"', 'ask first, as in "campaign" in event.metadata'],
    ['event.payload.items[9].name == "Tea"', 'event.payload.items[9] cannot be worked out here (index out of bounds)'],
  ])('%s counts as no, and says what is missing', (rule, said) => {
    expect(ask(rule)).toEqual({ failed: expect.stringContaining(said) });
  });

  it.each([
    ['int(event.metadata.source) == 3'],
    ['duration(event.metadata.source) > duration("1h")'],
    ['event.timestamp.getHours(event.metadata.source) == 9'],
    ['event.metadata[event.metadata.source] == "x"'],
  ])('%s does not quote what stands in the event', (rule) => {
    const said = ask(rule, {}, { ...order, metadata: { source: 'Grace' } });
    expect(said).toEqual({ failed: expect.stringContaining('') });
    expect(JSON.stringify(said)).not.toMatch(/grace|race/i);
  });

  it('null is as good as absent', () => {
    const event = { ...order, payload: { ...order.payload, cart_id: null } } as unknown as FullEvent;
    expect(ask('has(event.payload.cart_id)', {}, event)).toEqual({ holds: false });
  });

  it('what is left of very much metadata can be gone through for each of 500 items', () => {
    const items = Array.from({ length: 500 }, () => ({ name: 'Tea', quantity: 1, price: 1 }));
    const metadata = { source: 'web', notes: 'a'.repeat(100_000) };
    const event = { ...order, payload: { ...order.payload, items }, metadata };
    expect(ask('event.payload.items.all(item, event.metadata.notes.size() > 3)', {}, event)).toEqual({
      failed: expect.stringContaining('event.metadata.notes is not known here'),
    });
    expect(ask('event.payload.items.all(item, event.metadata.source == "web")', {}, event)).toEqual({ holds: true });
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
      'at character 1: Unknown variable: user; there are event, now and person',
    ],
    ['is not finished', 'person.plan ==', 'at character 15: Unexpected token: EOF'],
    ['compares a number with a text', 'event.payload.total < "3"', 'no such overload: double < string'],
    ['is no yes or no', 'event.payload.total', 'it gives a double, and must give true or false'],
    ['has a regular expression', 'event.payload.order_id.matches("^(a+)+$")', 'matches() can take for ever'],
    ['hides one in a loop', 'event.payload.items.exists(i, i.name.matches("(a+)+"))', 'matches() can take for ever'],
    [
      'loops within a loop',
      'event.payload.items.all(a, event.payload.items.exists(b, a.name == b.name))',
      'at character 1: a loop within another loop',
    ],
    [
      'loops after a map',
      'event.payload.items.map(i, i.name).exists(n, n == "Tea")',
      'or after a map(), can take very long',
    ],
    [
      'puts lists together',
      '(event.payload.items + event.payload.items).size() > 3',
      'at character 2: lists that are put together',
    ],
    [
      'puts them together in a loop',
      'event.payload.items.all(i, (event.payload.items + [i]).size() > 3)',
      'put together',
    ],
    ['hides a value behind a name', 'cel.bind(a, event.payload.total, a > 3)', 'cel.bind() may not be used'],
    ['hides a type', 'dyn(event.payload).totl == 1', 'dyn() may not be used'],
    ['hides the event', '[1].all(event, event == 1)', 'the entries of a list need a name other than event'],
    [
      'asks has() for a field that there is not',
      'true && has(person.contry) && true',
      'at character 20: there is no person.contry; there are locale',
    ],
    [
      'asks has() so in a loop',
      'event.payload.items.all(i, has(i.colour))',
      'at character 34: there is no i.colour; there are name, quantity, price',
    ],
    [
      'asks a list for a field that there is not',
      'event.payload.items.exists(item, item.nmae == "Tea")',
      'at character 39: there is no item.nmae; there are name, quantity, price',
    ],
    [
      'asks one entry for it',
      'event.payload.items[0].nmae == "Tea"',
      'there is no event.payload.items[0].nmae; there are name',
    ],
    ['asks in brackets for it', 'event.payload["totl"] == 25', 'there is no event.payload["totl"]; there are order_id'],
    [
      'compares a number of a list with a text',
      'event.payload.items.exists(i, i.price < "3")',
      'no such overload: double < string',
    ],
    [
      'compares with null',
      'person.country == null',
      'what is absent is not null: ask has(), as in !has(person.country)',
    ],
    ['mixes numbers in a list', 'event.payload.total in [25, 49.5]', 'beside 49.5 write 25.0 and not 25'],
    ['is very long', long, 'it is too long: 200 names, values and signs are the most'],
    ['is very deep', `${'('.repeat(20)}true${')'.repeat(20)}`, 'it goes too deep: 12 levels are the most'],
    [
      'has a very long list',
      `person.country in [${Array.from({ length: 101 }, () => '"DE"').join()}]`,
      'the list is too long: 100 entries are the most',
    ],
    ['is empty', '', 'Unexpected token'],
    ['is true for everybody', 'true', 'it is the same for everybody; leave `when` out'],
    ['is false for everybody', '1 == 2', 'set enabled: false'],
    [
      'asks for a type that there is not',
      'event.payload.total > 5 && event.type == "order.complted"',
      'at character 28: event.type == "order.complted" is never true: what starts this journey is order.completed alone; leave it out',
    ],
    [
      'asks for the type of another journey',
      'event["type"] == "user.signed_up"',
      'is never true: what starts this journey',
    ],
    ['asks for the only type', '"order.completed" == event.type', 'is always true: what starts this journey'],
    [
      'asks for any type but the only one',
      'event.type != "order.completed"',
      'is never true: what starts this journey',
    ],
    [
      'asks for any type but one that never comes',
      'event.type != "order.complted"',
      'is always true: what starts this',
    ],
    ['is an assignment', 'event.payload.total = 5', 'at character'],
    ['calls what there is not', 'fetch("https://example.com") == "x"', 'fetch'],
  ])('because it %s', (_, rule, said) => {
    expect(() => compileRule(rule, 'order.completed')).toThrow(RuleMistake);
    expect(() => compileRule(rule, 'order.completed')).toThrow(said);
  });

  it('and says where', () => {
    const offsetOf = (rule: string) => {
      try {
        compileRule(rule, 'order.completed');
      } catch (error) {
        return (error as RuleMistake).offset;
      }
      return undefined;
    };
    expect(offsetOf('event.payload.total > 5 && person.plna == "pro"')).toBe(34);
    expect(offsetOf('event.payload.total > 5 && person.plan.matches("a")')).toBe(27);
    expect(offsetOf('person.plan ==')).toBe(14);
    expect(offsetOf('true')).toBe(0);
    expect(offsetOf('event.payload.total > 5')).toBeUndefined();
  });

  it('but not because it tells apart two types that start one journey', () => {
    const route = routes['order.completed'];
    if (!route) throw new Error('order.completed starts nothing');
    Object.assign(routes, { 'project.created': route });
    try {
      const rule = compileRule('event.type == "project.created"', 'order.completed');
      expect(rule(order, {}, 0)).toEqual({ holds: false });
      expect(() => compileRule('event.type == "user.signed_up"', 'project.created')).toThrow(
        'event.type == "user.signed_up" is never true: what starts this journey is order.completed or project.created',
      );
    } finally {
      delete routes['project.created'];
    }
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
