import type { JsonSchema } from './json-schema.ts';

/** Values for fields whose schema has no example, the first that fits. */
const texts = ['sample', 'EUR', 'https://example.com/', 'ada@example.com', 's'];

/**
 * Returns an event that its schema accepts: what is required, and what has an example. Always the same one, so that an export can be
 * compared.
 */
export function sampleEvent(schema: JsonSchema): Record<string, unknown> {
  const event = sampleOf(schema) as Record<string, unknown>;
  return { ...event, event_id: `shop-${schema['title'] as string}-17` };
}

function sampleOf(schema: JsonSchema): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return sampleObject(schema);
    case 'array':
      return schema.items === undefined ? [] : [sampleOf(schema.items)];
    case 'string':
      return texts.find((text) => fits(schema, text)) ?? texts[0];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema['minimum'] ?? 1));
    default:
      return null;
  }
}

function sampleObject({ properties = {}, required = [] }: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name, field]) => required.includes(name) || hasExample(field))
      .map(([name, field]) => [name, sampleOf(field)]),
  );
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
