import { z } from 'zod';

import type { FieldClass } from '../../events/field-classes.ts';
import type { EventType } from '../../events/index.ts';
import { mayNameAllTopics, neededBlock } from '../../events/needed-blocks.ts';
import { addressLikePattern, maxPublicText } from '../../events/public-text.ts';
import { idPattern } from '../../events/envelope.ts';
import { NotDone } from '../wrong-use.ts';
import type { JsonSchema } from './json-schema.ts';
import { sampleEvent } from './sample-event.ts';
import type { Vocabulary } from './vocabulary.ts';

const meaning =
  'Rivulet ignores unknown fields and reports those that look like typos. It also reads some other spellings of a value, such as "eur" or en_US; this schema has the plain one.';

/** The schema of every event type, by type. Throws NotDone with the type and the field that has no JSON Schema. */
export function eventSchemas(vocabulary: Vocabulary): Map<string, JsonSchema> {
  return new Map(Object.keys(vocabulary.eventTypes).map((type) => [type, eventSchema(vocabulary, type)]));
}

/** The schema of a whole event of one type, as its producer writes it: the envelope, and the payload with both blocks. */
export function eventSchema({ eventTypes, envelope, contact, consent }: Vocabulary, type: string): JsonSchema {
  const outer = plain(envelope, { type, path: '' });
  const payload = withBlocks(
    classed(plain(eventTypes[type]!, { type, path: 'payload' }), undefined),
    {
      contact: plain(contact, { type, path: 'payload.contact' }),
      consent: plain(consent, { type, path: 'payload.consent' }),
    },
    type,
  );
  const { description = type, ...rest } = payload;
  const schema: JsonSchema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: fileOf(type),
    title: type,
    description: `${description} ${meaning}`,
    type: 'object',
    properties: { ...outer.properties, event_type: { type: 'string', const: type }, payload: rest },
    // `payload` may not be left out, also where none of its fields is required.
    required: outer.required ?? [],
  };
  const sample = sampleEvent(schema);
  return { ...schema, ...(sample && { examples: [sample] }) };
}

/** The name of the file of a schema, in the folder of schemas. */
export function fileOf(type: string): string {
  return `${type}.json`;
}

interface Place {
  type: string;
  path: string;
}

/** What zod makes of a schema, with the class of each field under the name that JSON Schema leaves to others. */
function plain(schema: z.ZodType, place: Place): JsonSchema {
  try {
    const { $schema: _, ...json } = z.toJSONSchema(schema, {
      io: 'input',
      cycles: 'throw',
      // zod leaves examples out where a value is converted. These are examples of what comes in.
      override({ zodSchema, jsonSchema }) {
        const examples = z.globalRegistry.get(zodSchema)?.['examples'];
        if (examples !== undefined) jsonSchema.examples = examples as unknown[];
      },
    }) as JsonSchema;
    return renamed(json);
  } catch (error) {
    throw new NotDone(why(schema, place, error));
  }
}

/** Names the innermost field that has no JSON Schema: zod names only what it stumbled over. */
function why(schema: z.ZodType, { type, path }: Place, error: unknown): string {
  const found = culprit(schema, path);
  const { message } = error as Error;
  if (/cycle/i.test(message)) {
    return `${type}: ${found} refers to itself. Events have a fixed depth: write out as many levels as you need.`;
  }
  return `${type}: ${found} has no JSON Schema (${message.split('\n')[0]}). Use text, numbers, booleans, lists and objects; a time is unixMs.`;
}

function culprit(schema: z.ZodType, path: string): string {
  const { shape } = schema as { shape?: Record<string, z.ZodType> };
  for (const [name, field] of Object.entries(shape ?? {})) {
    try {
      z.toJSONSchema(field, { io: 'input', cycles: 'throw' });
    } catch {
      return path === '' ? name : `${path}.${name}`;
    }
  }
  return path;
}

function renamed(json: JsonSchema): JsonSchema {
  const { class: named, ...rest } = mapped(json, renamed);
  const { pattern, not } = rest;
  return {
    ...rest,
    ...(not && { not: renamed(not) }),
    ...(pattern !== undefined && { pattern: portable(pattern) }),
    ...(named !== undefined && { 'x-class': named as string }),
  };
}

/** The same pattern with each character above ASCII and each control character as itself: Go has no `\\u`. */
function portable(pattern: string): string {
  return pattern.replaceAll(/\\u([0-9a-f]{4})/gi, (escape, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code < 0x20 || code > 0x7e ? String.fromCodePoint(code) : escape;
  });
}

/** The schema with every schema in it changed. */
function mapped(json: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = json;
  return {
    ...json,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, change(field)])),
    }),
    ...(items && { items: change(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: change(additionalProperties) }),
  };
}

/**
 * Gives every field of a payload its class, which may be that of what it is in, and public text the rule of public text: an event
 * that breaks it is refused after its schema has accepted it (events/split-event.ts). Patterns are taken to keep the rule.
 */
function classed(json: JsonSchema, around: FieldClass | undefined): JsonSchema {
  const own = (json['x-class'] as FieldClass | undefined) ?? around;
  const inner = mapped(json, (field) => classed(field, own));
  const isLeaf = inner.properties === undefined && inner.items === undefined;
  const text = inner.type === 'string' && !['pattern', 'enum', 'const', 'not'].some((keyword) => keyword in inner);
  return {
    ...inner,
    ...(isLeaf && own !== undefined && { 'x-class': own }),
    ...(own === 'public' &&
      text && {
        anyOf: [
          { pattern: idPattern.source },
          { maxLength: maxPublicText, not: { pattern: portable(addressLikePattern) } },
        ],
      }),
  };
}

interface Blocks {
  contact: JsonSchema;
  consent: JsonSchema;
}

/** The payload with `contact` and `consent`, one of which is required where the event is about nothing else. */
function withBlocks(payload: JsonSchema, { contact, consent }: Blocks, type: string): JsonSchema {
  const needed = neededBlock(type as EventType);
  const agreed = needed === 'consent' ? withTopics(consent, mayNameAllTopics(type as EventType)) : consent;
  return {
    ...payload,
    properties: {
      ...payload.properties,
      contact: { description: 'Who the person is. A later event without it uses what is stored.', ...contact },
      consent: { description: 'What the person agreed to.', ...agreed },
    },
    required: [...(payload.required ?? []), ...(needed ? [needed] : [])],
  };
}

function withTopics(consent: JsonSchema, all: boolean): JsonSchema {
  const { topics = {}, ...others } = consent.properties ?? {};
  const named = {
    ...topics,
    minItems: 1,
    ...(!all && { items: { ...topics.items, not: { pattern: '^\\s*\\*\\s*$' } } }),
  };
  return { ...consent, properties: { topics: named, ...others }, required: ['topics'] };
}
