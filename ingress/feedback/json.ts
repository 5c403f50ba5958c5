/** A JSON object of unknown content. Read it by own keys only: it may have been made to look like anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined for everything that is not a plain JSON object: arrays and null are `object` to JavaScript too. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** Undefined for what is no text, and for empty text. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Empty for what is no array. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Undefined when it is not JSON; valid JSON is never undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
