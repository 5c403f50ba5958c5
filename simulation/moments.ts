import { type EventType, eventTypes } from '../events/index.ts';
import { instantOf } from './local-clock.ts';

/** A field of a payload, by what it takes. */
export interface Field {
  safeParse(value: unknown): { success: boolean };
}

export function takes(field: Field, value: unknown): boolean {
  return field.safeParse(value).success;
}

const in2027 = 1_800_000_000_000;

/** Whether it holds a moment, as `unixMs` of events/envelope.ts: milliseconds of our days, and no other number. */
export function isMoment(field: Field): boolean {
  return takes(field, in2027) && !takes(field, 1);
}

/**
 * A payload as events carry it, of one in which moments may be written as dates too: `2028-03-10` is the beginning of that
 * day in the zone, `2028-03-10T18:00` that time there, unless it has its own offset. What is neither is left to the schema.
 */
export function withMoments(
  type: EventType,
  payload: Readonly<Record<string, unknown>>,
  zone: string,
): Record<string, unknown> {
  const shape = eventTypes[type].shape as Record<string, Field>;
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => {
      const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
      return [name, field && isMoment(field) && typeof value === 'string' ? (instantOf(zone, value) ?? value) : value];
    }),
  );
}
