import fc from 'fast-check';

import type { JsonSchema } from '../../cli/events/json-schema.ts';

/** Names of things and people that exist: a schema knows only how they are written. */
const existing: Record<string, readonly string[]> = {
  'contact.name': ['Ada', 'Ada Lovelace', 'J.R.R. Tolkien', '李娜', 'O’Neill, Jr.', ''],
  'contact.time_zone': ['Europe/Berlin', 'America/Argentina/Buenos_Aires', 'UTC', 'Asia/Kolkata'],
  'contact.country': ['DE', 'US', 'GB', 'BR'],
};

/** Values that a schema accepts, or nearly: filter by a validator. Optional fields come and go. */
export function bySchema(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { minimum, maximum, exclusiveMinimum } = schema as Record<string, number | undefined>;
  switch (schema.type) {
    case 'object':
      return objects(schema);
    case 'array':
      return fc.array(bySchema(schema.items ?? {}), { minLength: Number(schema['minItems'] ?? 0), maxLength: 3 });
    case 'string':
      return existing[name] ? fc.constantFrom(...existing[name]) : texts(schema);
    case 'integer':
      return fc.integer({ min: minimum ?? -1000, max: maximum ?? Number.MAX_SAFE_INTEGER });
    case 'number':
      return fc.double({ min: exclusiveMinimum ?? -1e9, minExcluded: true, max: 1e9, noNaN: true });
    default:
      throw new Error(`no values for ${JSON.stringify(schema)}`);
  }
}

function objects({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
  if (typeof additionalProperties === 'object') return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string());
  const known = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [
        name,
        bySchema(field, 'email' in properties ? `contact.${name}` : name),
      ]),
    ),
    { requiredKeys: required },
  );
  // Unknown fields are ignored; those that resemble known ones are reported.
  return fc
    .tuple(known, fc.dictionary(fc.stringMatching(/^x_\d{1,3}$/), fc.jsonValue(), { maxKeys: 1 }))
    .map(([fields, others]) => ({ ...others, ...fields }));
}

function texts({ pattern, format, minLength = 0, maxLength = 1_000 }: JsonSchema): fc.Arbitrary<string> {
  const [min, max] = [Number(minLength), Number(maxLength)];
  if (format === 'uri') return fc.webUrl({ withFragments: true, withQueryParameters: true });
  if (pattern === undefined) return fc.string({ minLength: min, maxLength: Math.min(max, 100), unit: 'grapheme' });
  return fc.stringMatching(new RegExp(pattern, 'u')).filter((text) => text.length >= min && text.length <= max);
}
