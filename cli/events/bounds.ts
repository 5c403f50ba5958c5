import type { JsonSchema } from './json-schema.ts';

const least = ['minLength', 'minItems', 'minProperties'] as const;
const most = ['maxLength', 'maxItems', 'maxProperties'] as const;

/** The lengths and limits that are narrower now, each in words. */
export function boundsNarrowed(before: JsonSchema, after: JsonSchema): string[] {
  const of = (schema: JsonSchema, keyword: string) => schema[keyword] as number | undefined;
  const say = (keyword: string) =>
    `${keyword} was ${of(before, keyword) ?? 'not limited'} and is ${of(after, keyword)}`;
  return [
    ...least.filter((keyword) => (of(after, keyword) ?? 0) > (of(before, keyword) ?? 0)).map(say),
    ...most.filter((keyword) => (of(after, keyword) ?? Infinity) < (of(before, keyword) ?? Infinity)).map(say),
    ...limitNarrowed(before, after, 'minimum', 'exclusiveMinimum', 1),
    ...limitNarrowed(before, after, 'maximum', 'exclusiveMaximum', -1),
  ];
}

/** A number's limit, which may be written in two ways. `sign`: 1 for the lower one. */
function limitNarrowed(
  before: JsonSchema,
  after: JsonSchema,
  inclusive: string,
  exclusive: string,
  sign: 1 | -1,
): string[] {
  const limit = (schema: JsonSchema) => {
    const [at, beyond] = [schema[inclusive], schema[exclusive]].map((value) =>
      value === undefined ? -Infinity : sign * Number(value),
    ) as [number, number];
    return beyond >= at ? { at: beyond, open: beyond > -Infinity } : { at, open: false };
  };
  const [old, now] = [limit(before), limit(after)];
  if (now.at < old.at || (now.at === old.at && (old.open || !now.open))) return [];
  const inWords = ({ at, open }: typeof now) =>
    at === -Infinity ? 'not limited' : `${sign * at}${open ? ' (exclusive)' : ''}`;
  return [`${inclusive} was ${inWords(old)} and is ${inWords(now)}`];
}
