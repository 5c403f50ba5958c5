import type { JsonSchema } from './json-schema.ts';

/** Values for text whose schema has no example, the first that fits: `.meta({ examples: [...] })` gives a better one. */
const texts = [
  'sample',
  'EUR',
  '1',
  'https://example.com/',
  'ada@example.com',
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  '123e4567-e89b-42d3-a456-426614174000',
];

/**
 * Returns an event that its schema accepts: what is required, and what has an example. Always the same one, so that an export can be
 * compared. Undefined if a required field has a pattern that no sample fits.
 */
export function sampleEvent(schema: JsonSchema): Record<string, unknown> | undefined {
  const event = sampleOf(schema) as Record<string, unknown> | undefined;
  return event && { ...event, event_id: `shop-${schema['title'] as string}-17` };
}

function sampleOf(schema: JsonSchema): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [type] = [schema.type ?? []].flat();
  switch (type) {
    case 'object':
      return sampleObject(schema);
    case 'array':
      return sampleList(schema);
    case 'string':
      return texts.find((text) => fits(schema, text));
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'null':
      return null;
    default: {
      const [first] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as JsonSchema[];
      return first && sampleOf(first);
    }
  }
}

function sampleObject({ properties = {}, required = [] }: JsonSchema): Record<string, unknown> | undefined {
  const fields = Object.entries(properties)
    .filter(([name, field]) => required.includes(name) || hasExample(field))
    .map(([name, field]) => [name, sampleOf(field)] as const);
  const known = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  return required.every((name) => name in known) ? known : undefined;
}

function sampleList({ items = {}, minItems = 0 }: JsonSchema): unknown[] | undefined {
  const item = sampleOf(items);
  if (item === undefined) return Number(minItems) === 0 ? [] : undefined;
  return Array.from({ length: Math.max(1, Number(minItems)) }, () => item);
}

/** A whole number within the limits. */
function sampleNumber({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): number {
  const least = Math.max(
    Math.ceil(Number(minimum ?? -Infinity)),
    Math.floor(Number(exclusiveMinimum ?? -Infinity)) + 1,
  );
  const most = Math.min(Math.floor(Number(maximum ?? Infinity)), Math.ceil(Number(exclusiveMaximum ?? Infinity)) - 1);
  return Math.max(least, Math.min(most, 1));
}

function hasExample(field: JsonSchema): boolean {
  if (field.examples !== undefined) return true;
  if (field.items !== undefined) return hasExample(field.items);
  return Object.values(field.properties ?? {}).some(hasExample);
}

function fits({ pattern, minLength = 0, maxLength = Infinity }: JsonSchema, text: string): boolean {
  const matches = pattern === undefined || new RegExp(pattern, 'u').test(text);
  return matches && text.length >= Number(minLength) && text.length <= Number(maxLength);
}
