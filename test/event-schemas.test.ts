import specs from '@asyncapi/specs';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { composeEvent } from '../cli/compose-event.ts';
import { eventSchema, eventSchemas } from '../cli/events/event-schema.ts';
import { exportedFiles } from '../cli/events/export.ts';
import type { JsonSchema } from '../cli/events/json-schema.ts';
import { vocabulary } from '../cli/events/vocabulary.ts';
import { type EventType, eventTypes } from '../events/index.ts';
import { parseEvent } from '../events/parse.ts';
import { bySchema } from './support/events-by-schema.ts';

const schemas = eventSchemas(vocabulary);
const types = Object.keys(eventTypes) as EventType[];
// As a producer sets it up: strict, so that an unknown keyword is a mistake.
const ajv = addFormats.default(new Ajv2020({ strict: true, allowUnionTypes: false, strictTypes: false }));
ajv.addKeyword('x-class');
const validators = new Map([...schemas].map(([type, schema]) => [type, ajv.compile(schema)]));
const accepts = (type: string, event: unknown) => (validators.get(type) as ValidateFunction)(event);
const parse = (event: unknown) => parseEvent(new TextEncoder().encode(JSON.stringify(event)));
/** Whether nothing of it is refused or dropped. */
const takes = (event: unknown) => {
  const read = parse(event);
  return read.ok && read.parsed.dropped === undefined;
};
const sample = (type: EventType) => schemas.get(type)!.examples![0] as Record<string, unknown>;

describe.each(types)('the schema of %s', (type) => {
  it('accepts its own example, and so does the ingress', () => {
    expect([accepts(type, sample(type)), takes(sample(type))]).toEqual([true, true]);
  });

  it('accepts no event that the ingress refuses or takes a part of', () => {
    fc.assert(
      fc.property(bySchema(schemas.get(type)!), (event) => {
        fc.pre(accepts(type, event));
        expect(parse(event)).toMatchObject({ ok: true });
        expect(takes(event)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses what the ingress refuses: each required field missing, and each of another type', () => {
    const damaged = damages(schemas.get(type)!, sample(type));
    expect(damaged.length).toBeGreaterThan(8);
    for (const { what, event } of damaged) {
      expect({ what, schema: accepts(type, event), ingress: parse(event).ok }).toEqual({
        what,
        schema: false,
        ingress: false,
      });
    }
  });
});

/** Copies of an event, in each of which one required field is missing or of no use. */
function damages(schema: JsonSchema, whole: Record<string, unknown>): { what: string; event: unknown }[] {
  const { properties = {}, required = [] } = schema;
  return required.flatMap((name) => {
    const { [name]: value, ...rest } = whole;
    const within = properties[name]?.properties
      ? damages(properties[name], value as Record<string, unknown>).map(({ what, event }) => ({
          what: `${name}.${what}`,
          event: { ...rest, [name]: event },
        }))
      : [];
    return [
      { what: `no ${name}`, event: rest },
      { what: `${name}: true`, event: { ...rest, [name]: true } },
      ...within,
    ];
  });
}

describe('the exported schemas', () => {
  it.each([
    ['user.signed_up', { set: ['plan=pro'], email: 'ada@example.com', name: 'Ada', locale: 'pt-BR' }],
    ['order.completed', { set: ['order_id=7', 'total=12.5', 'currency=EUR'] }],
    ['consent.revoked', { set: [], consent: ['*'] }],
    ['contact.updated', { set: [], email: 'ada@example.com', country: 'DE', timeZone: 'Europe/Berlin' }],
  ])('accept what `rivulet publish %s` composes', (type, options) => {
    expect(accepts(type, composeEvent(type, { user: 'u_1', ...options }))).toBe(true);
  });

  it.each([
    ['an address as user id', { user_id: 'ada%40example.com' }],
    ['seconds for milliseconds', { timestamp: 1_780_000_000 }],
    ['an address in public text', { payload: { plan: 'pro&COMMAT;example' } }],
    ['a plan of 65 characters', { payload: { plan: 'p'.repeat(65) } }],
    ['two addresses', { payload: { contact: { email: 'a@example.com,b@example.com' } } }],
    ['an address at a number', { payload: { contact: { email: 'a@192.0.2.1' } } }],
    ['another type', { event_type: 'order.completed' }],
  ])('refuse %s', (_, damage) => {
    expect(accepts('user.signed_up', { ...sample('user.signed_up'), ...damage })).toBe(false);
  });

  it('refuse "*" as a topic, but for an opt-out', () => {
    const all = { payload: { consent: { topics: ['*'] } } };
    for (const type of ['consent.granted', 'consent.requested', 'consent.revoked'] as const) {
      const event = { ...sample(type), ...all };
      expect([type, accepts(type, event), parse(event).ok]).toEqual([
        type,
        type === 'consent.revoked',
        type === 'consent.revoked',
      ]);
    }
  });

  it('have patterns that other languages have too: no lookaround, no \\u', () => {
    const patterns = [...schemas.values()].flatMap((schema) => [
      ...JSON.stringify(schema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g),
    ]);
    const distinct = new Set(patterns.map(([, json = '']) => JSON.parse(json) as string));
    expect(distinct.size).toBeGreaterThan(8);
    expect([...distinct].filter((pattern) => /\(\?[=!<]|\\u|\\p/.test(pattern))).toEqual([]);
  });

  it('have a description and a class for every field, and come out the same each time', () => {
    const { total, items } = schemas.get('order.completed')!.properties!['payload']!.properties!;
    expect(total).toMatchObject({ 'x-class': 'public', description: expect.stringContaining('major units') });
    expect(items?.items?.properties?.['name']).toMatchObject({ 'x-class': 'personal', maxLength: 500 });
    expect([...exportedFiles(vocabulary)]).toEqual([...exportedFiles(vocabulary)]);
  });
});

describe('the AsyncAPI document', () => {
  const files = exportedFiles(vocabulary);
  const document = JSON.parse(files.get('asyncapi.json')!) as {
    channels: Record<string, { address: string }>;
    components: { messages: Record<string, { payload: { schema: { $ref: string } } }> };
  };

  it('is one by the schema of AsyncAPI 3.0', () => {
    const official = new Ajv({ strict: false, validateFormats: false });
    const isAsyncApi = official.compile(specs.schemasWithoutId['3.0.0'] as object);
    expect(isAsyncApi(document) || isAsyncApi.errors).toBe(true);
    expect(isAsyncApi({ ...document, channels: [] })).toBe(false);
  });

  it('has a channel for every event type, and refers to schemas that are there', () => {
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual(
      types.map((type) => `marketing.events.${type}`),
    );
    const referred = Object.values(document.components.messages).map(({ payload }) => payload.schema.$ref);
    expect(referred.map((ref) => files.has(ref.replace('./', '')))).toEqual(types.map(() => true));
  });
});

describe('an event type of an application', () => {
  const exported = (schema: z.ZodType) => () =>
    eventSchema({ ...vocabulary, eventTypes: { 'thing.happened': schema } }, 'thing.happened');

  it('that refers to itself is refused by its name', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node).optional();
      },
    });
    expect(exported(z.object({ id: z.string(), tree: node }))).toThrow(
      'thing.happened: payload.tree refers to itself. Events have a fixed depth',
    );
    expect(exported(node)).toThrow('thing.happened: payload.children refers to itself');
  });

  it.each([
    ['a date', z.date()],
    ['a big integer', z.bigint()],
    ['a map', z.map(z.string(), z.string())],
    ['a type of one’s own', z.custom<string>((value) => value === 'x')],
  ])('with %s is refused by its name', (_, field) => {
    expect(exported(z.object({ id: z.string(), at: field.optional() }))).toThrow(
      /^thing\.happened: payload\.at has no JSON Schema/,
    );
  });

  it('without examples gets a sample all the same, unless only its author can know one', () => {
    const kinds = z.object({
      kind: z.enum(['a', 'b']),
      one: z.literal(7),
      when: z.iso.datetime(),
      id: z.uuid(),
      many: z.array(z.int().gt(3).max(9)).min(2),
      either: z.union([z.number(), z.string()]),
      apart: z.union([z.object({ yes: z.boolean() }), z.null()]),
      none: z.string().nullable(),
      map: z.record(z.string(), z.number()),
    });
    const schema = exported(kinds)();
    expect(schema.examples).toHaveLength(1);
    expect(ajv.compile({ ...schema, $id: 'kinds' })(schema.examples![0])).toBe(true);
    const { examples } = exported(z.object({ code: z.string().regex(/^[A-Z]{2}-\d{7}$/) }))();
    expect(examples).toBeUndefined();
  });

  it('public text without a rule of its own gets that of public text', () => {
    const text = z.string().max(100);
    const schema = exported(
      z.object({ note: text.meta({ class: 'public' }), diary: text.meta({ class: 'personal' }) }),
    )();
    const { note, diary } = schema.properties!['payload']!.properties!;
    const [isNote, isDiary] = [ajv.compile(note!), ajv.compile(diary!)];
    const texts = ['tea', 'ada@example.com', 'p'.repeat(65), 'a b'.repeat(30)];
    expect(texts.map((one) => isNote(one))).toEqual([true, false, true, false]);
    expect(texts.map((one) => isDiary(one))).toEqual([true, true, true, true]);
  });
});
