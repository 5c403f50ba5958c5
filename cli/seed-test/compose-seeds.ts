import { randomUUID } from 'node:crypto';

import type { Config } from '../../config/schema.ts';
import { type EventType, eventTypes } from '../../events/index.ts';
import { parseWritten } from '../../events/parse.ts';
import { type Route, routes } from '../../ingress/routes.ts';
import type { CompiledTemplate, Sample } from '../../templates/compiled.ts';
import { orNearest } from '../../templates/or-nearest.ts';
import { composeEvent } from '../compose-event.ts';
import { sampleOf } from '../sample.ts';
import { WrongUse } from '../wrong-use.ts';

export interface SeedOptions {
  set: string[];
  locale?: string;
  timeZone?: string;
}

/** One seed: somebody new with that address, to whom what starts the journey happens. */
export interface Seed {
  address: string;
  user: string;
  event: { event_id: string; event_type: string; payload: Record<string, unknown> };
  person: Sample['person'];
}

/** The event that starts a journey. Throws WrongUse when there is no such journey. */
export function startOf(journey: string): { type: EventType; route: Route } {
  const all = Object.entries(routes) as [EventType, Route][];
  const found = all.find(([, { starts }]) => starts === journey);
  if (found) return { type: found[0], route: found[1] };
  const names = all.map(([, { starts }]) => starts);
  throw new WrongUse(`No event starts a journey "${journey}": ${orNearest(journey, names)}.`);
}

/**
 * The events of all seeds. Their payload is the sample of a template that is written for this event, changed by `--set`. Throws
 * WrongUse when it is none that ingress would take.
 */
export function composeSeeds(
  journey: string,
  { seeds, topics }: Pick<Config, 'seeds' | 'topics'>,
  live: readonly CompiledTemplate[],
  { set, locale, timeZone }: SeedOptions,
): Seed[] {
  const { type, route } = startOf(journey);
  const sample = sampleFor(type, live);
  const person = {
    ...sample.person,
    ...(locale !== undefined && { locale }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
  };
  return seeds.map((address, index) => {
    const user = `seed-${index + 1}-${randomUUID().slice(0, 8)}`;
    const { name, locale: language, time_zone, country } = person;
    const composed = composeEvent(type, {
      user,
      email: address,
      ...(name !== undefined && { name }),
      ...(language !== undefined && { locale: language }),
      ...(time_zone !== undefined && { timeZone: time_zone }),
      ...(country !== undefined && { country }),
      consent: route.topic === undefined ? Object.keys(topics) : [route.topic],
      set,
    }) as unknown as Seed['event'];
    const event = { ...composed, payload: { ...sample.event, ...composed.payload } };
    const checked = parseWritten(new TextEncoder().encode(JSON.stringify(event)));
    if (checked.ok) return { address, user, event, person };
    throw new WrongUse(`Nothing was published: ${checked.error} (${checked.reason}). --set field=value changes it.`);
  });
}

function sampleFor(type: EventType, live: readonly CompiledTemplate[]): Sample {
  const written = live.find(({ events }) => events.includes(type));
  const sample = written?.variants[written.defaultLocale]?.sample;
  return {
    person: { name: 'Ada Lovelace', ...sample?.person },
    event: { ...sampleOf(eventTypes[type]), ...sample?.event },
  };
}
