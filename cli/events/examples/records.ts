import type { JsonSchema } from '../json-schema.ts';

/** What the types of a language are made from: the schemas without their rules. */
export type ValueType =
  | { kind: 'text' | 'integer' | 'number' | 'boolean' | 'any' }
  | { kind: 'list' | 'map'; of: ValueType }
  | { kind: 'record'; record: RecordType };

export interface RecordType {
  /** In PascalCase. */
  name: string;
  description: string | undefined;
  fields: RecordField[];
}

export interface RecordField {
  /** As it is in JSON. */
  json: string;
  description: string | undefined;
  required: boolean;
  type: ValueType;
}

export interface EventRecord extends RecordType {
  /** Such as `order.completed`. The record has no field for it. */
  eventType: string;
  sample: Record<string, unknown> | undefined;
}

export interface Records {
  /** Those of blocks and of nested objects, each before those that use it. */
  parts: RecordType[];
  events: EventRecord[];
}

/** The records of all events. `contact` and `consent` are the same for all of them. */
export function recordsOf(schemas: ReadonlyMap<string, JsonSchema>): Records {
  const parts = new Map<string, RecordType>();
  const events = [...schemas].map(([eventType, schema]) => {
    const { event_type: _, ...properties } = schema.properties ?? {};
    const { event_type: __, ...sample } = (schema.examples?.[0] ?? {}) as Record<string, unknown>;
    const record = recordOf(parts, pascalCase(eventType), { ...schema, properties });
    return { ...record, eventType, sample: schema.examples && sample };
  });
  return { parts: [...parts.values()], events };
}

function recordOf(parts: Map<string, RecordType>, name: string, schema: JsonSchema): RecordType {
  const fields = Object.entries(schema.properties ?? {}).map(([json, field]) => ({
    json,
    description: field.description,
    required: schema.required?.includes(json) ?? false,
    type: typeOf(parts, json, `${name}${pascalCase(json)}`, field),
  }));
  return { name, description: schema.description, fields };
}

function typeOf(parts: Map<string, RecordType>, json: string, name: string, schema: JsonSchema): ValueType {
  switch (schema.type) {
    case 'string':
      return { kind: 'text' };
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: schema.type };
    case 'array':
      return { kind: 'list', of: typeOf(parts, json, name, schema.items ?? {}) };
    case 'object':
      return objectOf(parts, json, name, schema);
    default:
      return { kind: 'any' };
  }
}

function objectOf(parts: Map<string, RecordType>, json: string, name: string, schema: JsonSchema): ValueType {
  if (schema.properties === undefined) {
    const { additionalProperties: values } = schema;
    return { kind: 'map', of: typeof values === 'object' ? typeOf(parts, json, name, values) : { kind: 'any' } };
  }
  const block = /^\w+Payload(Contact|Consent)$/.exec(name)?.[1];
  const own = block ?? name;
  const known = parts.get(own);
  if (known !== undefined) return { kind: 'record', record: known };
  const record = recordOf(parts, own, schema);
  // Topics are required where an event is about nothing else; the type that all events share cannot say so.
  const shared = { ...record, fields: record.fields.map((field) => ({ ...field, required: false })) };
  parts.set(own, block === undefined ? record : shared);
  return { kind: 'record', record: parts.get(own)! };
}

export function pascalCase(text: string): string {
  const joined = text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return /^\d/.test(joined) ? `N${joined}` : joined;
}

/** The name of a field as a name of a language: snake_case as it is, if `reserved` does not have it. */
export function identifier(text: string, reserved: ReadonlySet<string>): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, 'n');
  return reserved.has(plain) ? `${plain}_` : plain;
}

/** In lines of at most so many characters, for comments. */
export function wrapped(text: string, width = 100): string[] {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
