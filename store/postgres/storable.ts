/**
 * Returns a value with every text in it as Postgres can store it. Text and jsonb take neither U+0000 nor half of a surrogate
 * pair, and both are valid JSON: an event with one would fail each time it is delivered. The first is removed, the second
 * becomes U+FFFD.
 */
export function storable<Value>(value: Value): Value {
  return clean(value) as Value;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed();
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [clean(key), clean(each)]));
}
