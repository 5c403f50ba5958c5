/** A JSON object of unknown content. Read it by own keys only: it may have been made to look like anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined for everything that is not a plain JSON object: arrays and null are `object` to JavaScript too. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** Undefined for what is no text, for empty text, and for one of more than `most` characters: nothing reads it then. */
export function asText(value: unknown, most: number): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= most ? value : undefined;
}

/** How long these may be, in characters. SES's own are far shorter. */
export const longest = { word: 64, id: 200, mailbox: 1_000, link: 2_048, diagnosis: 500 };

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
