import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { breakingChanges } from '../cli/events/breaking-changes.ts';
import { eventSchemas } from '../cli/events/event-schema.ts';
import { vocabulary } from '../cli/events/vocabulary.ts';
import { publicText } from '../events/public-text.ts';

const open = { class: 'public' } as const;
const closed = { class: 'personal' } as const;
const number = z.number().meta(open);
const text = publicText.meta(open);

/** What a change from one payload to another breaks, as one line each. */
function changes(before: z.ZodType, after: z.ZodType | undefined): string[] {
  const schemas = (payload: z.ZodType | undefined) =>
    eventSchemas({ ...vocabulary, eventTypes: payload ? { 'seat.booked': payload } : {} });
  return breakingChanges(schemas(before), schemas(after)).map(
    ({ type, field, change, breaks, instead }) => `${type} ${field}: ${change} | ${breaks} | ${instead}`,
  );
}

const seat = z.object({ seat: text, price: number, note: z.string().max(100).meta(closed).optional() });
const item = z.object({ name: z.string().meta(closed), price: number });

describe('compatible is', () => {
  it.each<[string, z.ZodType, z.ZodType]>([
    ['no change', seat, seat],
    ['a new optional field', seat, seat.extend({ row: text.optional() })],
    ['a description', seat, seat.extend({ price: z.number().meta({ ...open, description: 'In EUR.' }) })],
    ['another order of the fields', seat, z.object({ price: number, seat: text, note: seat.shape.note })],
    ['a longer text', seat, seat.extend({ note: z.string().max(200).meta(closed).optional() })],
    ['a text without a limit', seat, seat.extend({ note: z.string().meta(closed).optional() })],
    [
      'a personal field that is optional now',
      z.object({ n: z.string().meta(closed) }),
      z.object({ n: z.string().meta(closed).optional() }),
    ],
    ['any number for whole ones', z.object({ n: z.int().meta(open) }), z.object({ n: number })],
    [
      'a limit that includes its end now',
      z.object({ n: z.number().gt(0).meta(open) }),
      z.object({ n: z.number().gte(0).meta(open) }),
    ],
    ['a lower limit', z.object({ n: z.number().min(5).meta(open) }), z.object({ n: z.number().min(1).meta(open) })],
    ['a longer list', z.object({ l: z.array(number).max(5) }), z.object({ l: z.array(number).max(6) })],
    [
      'a new value of a personal list',
      z.object({ s: z.enum(['a']).meta(closed) }),
      z.object({ s: z.enum(['a', 'b']).meta(closed) }),
    ],
    [
      'no pattern any more',
      z.object({ s: z.string().regex(/^a$/).meta(closed) }),
      z.object({ s: z.string().meta(closed) }),
    ],
    ['the removal of a personal field', seat, seat.omit({ note: true })],
  ])('%s', (_, before, after) => expect(changes(before, after)).toEqual([]));

  it('a new event type', () => {
    const more = eventSchemas({ ...vocabulary, eventTypes: { 'seat.booked': seat, 'seat.left': seat } });
    const less = eventSchemas({ ...vocabulary, eventTypes: { 'seat.booked': seat } });
    expect(breakingChanges(less, more)).toEqual([]);
    expect(breakingChanges(more, less).map(({ type, change }) => [type, change])).toEqual([
      ['seat.left', 'the event type was removed'],
    ]);
  });
});

describe('it breaks producers', () => {
  it.each<[string, z.ZodType, z.ZodType | undefined, RegExp]>([
    [
      'the removal of an event type',
      seat,
      undefined,
      /^seat\.booked : the event type was removed \| producers: .*dead letters/,
    ],
    [
      'a new required field',
      seat,
      seat.extend({ row: text }),
      /payload\.row: a new required field \| producers: .*Make it optional/,
    ],
    ['a new required object', seat, seat.extend({ at: z.object({ row: text }) }), /payload\.at: a new required field/],
    ['an optional field that is required now', seat, seat.required(), /payload\.note: optional before, required now/],
    [
      'a field of another type',
      seat,
      seat.extend({ price: text }),
      /payload\.price: the type was number and is string .*producers.*running journeys/,
    ],
    [
      'whole numbers only',
      z.object({ n: number }),
      z.object({ n: z.int().meta(open) }),
      /payload\.n: the type was number and is integer/,
    ],
    [
      'a list in place of a value',
      z.object({ n: number }),
      z.object({ n: z.array(number) }),
      /was number and is array/,
    ],
    [
      'a value of a list that went away',
      z.object({ s: z.enum(['a', 'b']).meta(open) }),
      z.object({ s: z.enum(['a']).meta(open) }),
      /payload\.s: no longer valid: "b"/,
    ],
    [
      'a list of values where any text was valid',
      z.object({ s: z.string().meta(closed) }),
      z.object({ s: z.enum(['a']).meta(closed) }),
      /no longer valid: any other value/,
    ],
    [
      'a shorter text',
      seat,
      seat.extend({ note: z.string().max(99).meta(closed).optional() }),
      /maxLength was 100 and is 99/,
    ],
    [
      'a limit where there was none',
      z.object({ s: z.string().meta(closed) }),
      z.object({ s: z.string().min(1).meta(closed) }),
      /minLength was not limited and is 1/,
    ],
    [
      'a limit that is exclusive now',
      z.object({ n: z.number().gte(0).meta(open) }),
      z.object({ n: z.number().gt(0).meta(open) }),
      /minimum was 0 and is 0 \(exclusive\)/,
    ],
    [
      'a smaller maximum',
      z.object({ n: number }),
      z.object({ n: z.number().max(9).meta(open) }),
      /maximum was not limited and is 9/,
    ],
    [
      'a shorter list',
      z.object({ l: z.array(number) }),
      z.object({ l: z.array(number).max(6) }),
      /payload\.l: maxItems/,
    ],
    [
      'a field of what a list holds',
      z.object({ l: z.array(item) }),
      z.object({ l: z.array(item.extend({ id: text })) }),
      /payload\.l\[\]\.id: a new required field/,
    ],
    [
      'another pattern',
      z.object({ s: z.string().regex(/^a+$/).meta(closed) }),
      z.object({ s: z.string().regex(/^a$/).meta(closed) }),
      /the pattern was "\^a\+\$" and is "\^a\$"/,
    ],
    [
      'another format',
      z.object({ s: z.string().meta(closed) }),
      z.object({ s: z.email().meta(closed) }),
      /a new format: "email"/,
    ],
    [
      'personal text that is public now',
      z.object({ s: z.string().meta(closed) }),
      z.object({ s: z.string().meta(open) }),
      /a new anyOf/,
    ],
    [
      'one of two forms',
      z.object({ s: z.union([z.string(), z.number()]).meta(closed) }),
      z.object({ s: z.string().meta(closed) }),
      /the type was string or number and is string/,
    ],
    [
      'unknown fields that are refused now',
      seat,
      z.strictObject(seat.shape),
      /payload: unknown fields are no longer ignored/,
    ],
    [
      'values of a map',
      z.object({ m: z.record(z.string(), z.string()).meta(closed) }),
      z.object({ m: z.record(z.string(), z.number()).meta(closed) }),
      /payload\.m\.\*: the type was string and is number/,
    ],
  ])('%s', (_, before, after, expected) => {
    const found = changes(before, after);
    expect(found.join('\n')).toMatch(expected);
    expect(found[0]).toContain('producers');
  });
});

describe('it breaks running journeys', () => {
  it.each<[string, z.ZodType, z.ZodType, RegExp]>([
    [
      'a public field that was removed',
      seat,
      seat.omit({ price: true }),
      /payload\.price: the public field was removed \| running journeys.*npx --no rivulet impact/,
    ],
    [
      'a public field that is personal now',
      seat,
      seat.extend({ price: z.number().meta(closed) }),
      /payload\.price: the class was public and is personal \| running journeys/,
    ],
    [
      'and secret',
      seat,
      seat.extend({ seat: publicText.meta({ class: 'secret' }) }),
      /payload\.seat: the class was public and is secret/,
    ],
    [
      'a public field that may be absent now',
      seat,
      seat.extend({ price: number.optional() }),
      /payload\.price: required before, optional now \| running journeys/,
    ],
    [
      'values that they do not know',
      z.object({ s: z.enum(['a']).meta(open) }),
      z.object({ s: z.enum(['a', 'b']).meta(open) }),
      /payload\.s: newly valid: "b" \| running journeys/,
    ],
    [
      'numbers where there was text',
      z.object({ s: text }),
      z.object({ s: z.union([publicText, z.number()]).meta(open) }),
      /payload\.s: newly valid: .*"number".* \| running journeys/,
    ],
    [
      'any text for a list of values',
      z.object({ s: z.enum(['a']).meta(open) }),
      z.object({ s: text }),
      /newly valid: any other value/,
    ],
    [
      'an object without its public field',
      z.object({ at: z.object({ row: text, by: z.string().meta(closed) }) }),
      z.object({ at: z.object({ by: z.string().meta(closed) }) }),
      /payload\.at\.row: the public field was removed/,
    ],
    [
      'a list with public fields',
      z.object({ items: z.array(item) }),
      z.object({}),
      /payload\.items: the public field was removed/,
    ],
    [
      'the price in a list',
      z.object({ items: z.array(item) }),
      z.object({ items: z.array(item.omit({ price: true })) }),
      /payload\.items\[\]\.price: the public field was removed/,
    ],
  ])('%s', (_, before, after, expected) => expect(changes(before, after).join('\n')).toMatch(expected));

  it('and producers: a field with another name, reported once', () => {
    for (const after of [
      seat.omit({ price: true }).extend({ prize: number }),
      seat.omit({ price: true }).extend({ amount: number }),
      seat.omit({ price: true }).extend({ amount: number.optional() }),
    ]) {
      const found = changes(seat, after);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(
        /payload\.price: renamed to (prize|amount) \| producers: .*; running journeys that read price .*Keep price/,
      );
    }
  });

  it('each of several changes is reported', () => {
    const found = changes(seat, z.object({ seat: number, note: z.string().meta(closed), row: text }));
    expect(found.map((line) => line.split(' | ')[0])).toEqual([
      'seat.booked payload.seat: the type was string and is number',
      'seat.booked payload.price: the public field was removed',
      'seat.booked payload.note: optional before, required now',
      'seat.booked payload.row: a new required field',
    ]);
  });

  it('a change of what no journey sees breaks no journey', () => {
    const contact = z.object({ email: z.string().meta(closed).optional() });
    const before = eventSchemas(vocabulary);
    const after = eventSchemas({ ...vocabulary, contact });
    expect(breakingChanges(before, after).filter(({ breaks }) => breaks.startsWith('running'))).toEqual([]);
  });
});
