import { type EventType, eventTypes } from '../events/index.ts';
import { type Field, isMoment, takes } from './moments.ts';

/** Sample values for fields of an event that were not given. */
export interface SampleData {
  fields: Record<string, unknown>;
  /** Names these fields, for the calendar; undefined where there are none. */
  note: string | undefined;
}

export interface Hints {
  /** Fields that were given, and need no sample. */
  given?: Readonly<Record<string, unknown>>;
  /** The payload of the event that starts the journey. */
  start?: Readonly<Record<string, unknown>>;
  /** The sample for a time, Unix ms: two weeks after the event. */
  moment: number;
}

const samples = ['simulated', 1, 'EUR', []];

/**
 * Returns sample values for the required fields of an event of which only the type is given. A field that the event starting
 * the journey has too is taken from there, so that an order is the order of the cart; a time is each event's own. A field that
 * no sample fits is left out, and is then reported as missing.
 */
export function sampleData(type: EventType, { given = {}, start = {}, moment }: Hints): SampleData {
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
    note: noteOf(
      namesOf(shared),
      rest.map(([name, field]) => (isMoment(field) ? `${name} (two weeks later)` : name)),
    ),
  };
}

function noteOf(shared: string[], rest: string[]): string | undefined {
  const parts = [
    ...(rest.length > 0 ? [`made up: ${rest.join(', ')}`] : []),
    ...(shared.length > 0 ? [`as at the start: ${shared.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}

function namesOf(fields: (readonly [string, Field])[]): string[] {
  return fields.map(([name]) => name);
}
