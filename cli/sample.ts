import { z } from 'zod';

/** What payloads are made of. The first that a field takes is its sample. */
const candidates = ['sample', 'EUR', 'https://example.com/', 'ada@example.com', 1, 1_800_000_000_000, true, [], {}];

/** Values for the fields that an event must have, for the first test. A field that takes none of ours is left out. */
export function sampleOf(schema: z.ZodObject | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema?.shape ?? {})
      .filter(([, field]) => !takes(field, undefined))
      .map(([name, field]) => [name, [...choicesOf(field), ...candidates].find((value) => takes(field, value))])
      .filter(([, value]) => value !== undefined),
  );
}

function takes(field: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(field, value).success;
}

function choicesOf(field: z.core.$ZodType): unknown[] {
  return field instanceof z.ZodEnum ? field.options : [];
}
