import { type EventType, eventTypes } from '../events/index.ts';

interface Field {
  safeParse(value: unknown): { success: boolean };
}

const samples = ['simulated', 1, 'EUR', []];

/**
 * The fields that an event cannot be without, for somebody who only says that it happens. The calendar tells which they
 * are. A field that none of these plain values fits stays out, and is then told as missing.
 */
export function madeUp(type: EventType): Record<string, unknown> {
  const fields = Object.entries(eventTypes[type].shape as Record<string, Field>);
  const needed = fields.filter(([, field]) => !field.safeParse(undefined).success);
  return Object.fromEntries(
    needed.map(([name, field]) => [name, samples.find((sample) => field.safeParse(sample).success)] as const),
  );
}
