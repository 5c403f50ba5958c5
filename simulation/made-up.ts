import { type EventType, eventTypes } from '../events/index.ts';
import { type Field, isMoment, takes } from './moments.ts';

/** What was made up of an event. */
export interface MadeUp {
  fields: Record<string, unknown>;
  /** In words, which they are; undefined where there are none. */
  told: string | undefined;
}

export interface Hints {
  /** What is given, and needs no making up. */
  given?: Readonly<Record<string, unknown>>;
  /** The payload of the event that starts the journey. */
  start?: Readonly<Record<string, unknown>>;
  /** What a moment is taken to be, Unix ms: two weeks after the event. */
  moment: number;
}

const samples = ['simulated', 1, 'EUR', []];

/**
 * The fields that an event cannot be without, for somebody who only says that it happens. What the start of the journey has
 * by the same name is taken from there, so that an order is that of the cart; but a moment is each event's own. A field that
 * none of these plain values fits stays out, and is then told as missing.
 */
export function madeUp(type: EventType, { given = {}, start = {}, moment }: Hints): MadeUp {
  const all = Object.entries(eventTypes[type].shape as Record<string, Field>);
  const fields = all.filter(([name]) => given[name] === undefined);
  const shared = fields.filter(
    ([name, field]) => start[name] !== undefined && takes(field, start[name]) && !isMoment(field),
  );
  const rest = fields.filter((field) => !shared.includes(field) && !takes(field[1], undefined));
  return {
    fields: Object.fromEntries([
      ...shared.map(([name]) => [name, start[name]] as const),
      ...rest.map(([name, field]) => [name, [...samples, moment].find((sample) => takes(field, sample))] as const),
    ]),
    told: told(
      namesOf(shared),
      rest.map(([name, field]) => (isMoment(field) ? `${name} (two weeks later)` : name)),
    ),
  };
}

function told(shared: string[], rest: string[]): string | undefined {
  const parts = [
    ...(rest.length > 0 ? [`made up: ${rest.join(', ')}`] : []),
    ...(shared.length > 0 ? [`as at the start: ${shared.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}

function namesOf(fields: (readonly [string, Field])[]): string[] {
  return fields.map(([name]) => name);
}
