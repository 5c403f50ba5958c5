/**
 * JSON that `jsonb` takes. JSON knows strings that Postgres does not store: those with a NUL character and those with half a
 * surrogate pair. Both are mistakes of whoever wrote the text, and must not make an event impossible to store.
 */
export function toJsonb(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string') return storable(inner);
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, field]) => [storable(name), field]));
  });
}

function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
