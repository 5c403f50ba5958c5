import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type EventType, eventTypes } from '../events/index.ts';
import { type ParsedEvent, parseWritten } from '../events/parse.ts';
import { fullPayload } from '../events/split-event.ts';
import { type Route, routes } from '../ingress/routes.ts';
import type { Catalogue } from '../templates/catalogue.ts';
import { catalogueFromFiles } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { workflowBundle } from '../worker/bundle.ts';
import type { Calendar } from './calendar.ts';
import { type Happening, readHappenings } from './happenings.ts';
import { daysLater, instantOf } from './local-clock.ts';
import { withMoments } from './moments.ts';
import { type KnownPerson, type Person, readPerson } from './person.ts';
import { play } from './play.ts';
import { sampleData } from './sample-data.ts';
import { WrongSimulation } from './wrong.ts';
import { noSecret } from '../config/environment.ts';

export type { Calendar } from './calendar.ts';
export type { Happening } from './happenings.ts';
export type { Person } from './person.ts';

export interface SimulateOptions {
  /** The scenario: what happens while the journey runs, such as `day 3: project.created`. */
  on?: readonly Happening[];
  /** When the starting event happens: Unix ms, or a date and time where the person is. Always the same unless it is said. */
  from?: string | number;
  /**
   * More fields of the starting event. Those that it needs and nobody gives are made up. A moment may be Unix ms or a date:
   * `2028-03-10` is that day at 00:00 where the person is, in UTC where that is not known.
   */
  payload?: Record<string, unknown>;
  /** Instead of rivulet.yaml. */
  config?: Config;
  /** Other journeys than the project's, and how ingress would treat this one. */
  journeys?: { bundle: { code: string }; startedBy: EventType; route?: Omit<Route, 'starts'> };
  /** After so many steps a simulation that has not ended is given up: 45,000 unless it is said, a month of failed attempts. */
  mostSteps?: number;
}

const howToSay =
  'its fields are given as `payload`, at the command line with --set; a moment also as 2028-03-10 or 2028-03-10T18:00';

/** A Tuesday in autumn. A fixed day, so that a calendar in a test is the same tomorrow. */
const usualStart = '2026-11-24T10:00';

/**
 * What a journey does for a person, over days and months, in milliseconds: the journey's own code, in the sandbox in which a
 * worker runs it, with the product's own rules about consent, hours and failures, and no server.
 *
 *     const calendar = await simulate('onboarding', ada, { on: ['day 3: project.created'] });
 *     expect(calendar.outcome).toBe('activated');
 *     expect(String(calendar)).toMatchInlineSnapshot();
 *
 * Throws a WrongSimulation when journey, person or happenings make no sense.
 */
export async function simulate(journey: string, person: Person, options: SimulateOptions = {}): Promise<Calendar> {
  const config = options.config ?? usualConfig();
  const { startedBy, route } = options.journeys ? { route: {}, ...options.journeys } : routeOf(journey);
  const who = readPerson(person, config);
  const { time_zone: zone = 'UTC', user_id: user } = who;
  const from = startOf(options.from ?? usualStart, zone);
  const { start, sampled } = startingEvent(startedBy, who, from, options.payload);
  const happenings = readHappenings(options.on ?? [], {
    zone,
    from,
    user,
    topics: config.topics,
    start: fullPayload(start.event, start.personal),
  });
  const bundle = options.journeys?.bundle ?? (await usualBundle());
  return play({
    journey,
    route,
    person: who,
    start,
    sampled,
    happenings,
    config,
    catalogue: await catalogueOf(config),
    bundle,
    mostSteps: options.mostSteps,
  });
}

/** The event that starts a journey, and how ingress treats the journey. */
export function routeOf(journey: string): { startedBy: EventType; route: Omit<Route, 'starts'> } {
  const all = Object.entries(routes) as [EventType, Route][];
  const found = all.find(([, { starts }]) => starts === journey);
  if (found) return { startedBy: found[0], route: found[1] };
  const known = all.map(([, { starts }]) => starts).join(', ');
  throw new WrongSimulation(`No event starts a journey "${journey}". There are: ${known}`);
}

function startOf(from: string | number, zone: string): number {
  const at = typeof from === 'number' ? from : instantOf(zone, from);
  if (at === undefined) throw new WrongSimulation(`"${from}" is no time to start from. Write it as "2026-11-24T10:00"`);
  return at;
}

/** Read as ingress would read it, so that an invalid field is reported here as there. `sampled`: which fields have sample values, in words. */
function startingEvent(
  event_type: EventType,
  { user_id, payload: ownFields, plan, topics, ...known }: KnownPerson,
  timestamp: number,
  more: Record<string, unknown> = {},
): { start: ParsedEvent; sampled: string | undefined } {
  refuseUnknown(event_type, { ...ownFields, ...more });
  const { time_zone: zone = 'UTC' } = known;
  const given = withMoments(event_type, { ...(plan !== undefined && { plan }), ...ownFields, ...more }, zone);
  const { fields, note } = sampleData(event_type, { given, moment: daysLater(zone, timestamp, 14) });
  const agreed = topics.length > 0 && { consent: { topics, source: 'simulation', captured_at: timestamp } };
  const payload = { ...fields, ...given, contact: known, ...agreed };
  const event = { event_id: 'start', event_type, user_id, timestamp, payload };
  const read = parseWritten(Buffer.from(JSON.stringify(event)));
  if (!read.ok) throw new WrongSimulation(`The starting event ${event_type} is not right (${howToSay}): ${read.error}`);
  return { start: read.parsed, sampled: note };
}

/** Ingress drops what it does not know; here it would be a slip of whoever tries something out. */
function refuseUnknown(type: EventType, fields: Record<string, unknown>): void {
  const known = Object.keys(eventTypes[type].shape);
  const unknown = Object.keys(fields).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  const there = known.length > 0 ? `There are: ${known.join(', ')}` : 'It has none';
  throw new WrongSimulation(`The starting event ${type} has no field "${unknown}". ${there}`);
}

let readConfig: Config | undefined;

/** Reading it costs more than a whole run, and so does bundling: once for a process. Nothing here is secret. */
function usualConfig(): Config {
  return (readConfig ??= loadConfig({ ...process.env, RIVULET_SECRET: noSecret }).config);
}

let bundling: Promise<{ code: string }> | undefined;

function usualBundle(): Promise<{ code: string }> {
  return (bundling ??= workflowBundle());
}

const catalogues = new WeakMap<Config, Promise<Catalogue>>();

function catalogueOf(config: Config): Promise<Catalogue> {
  const topics = Object.keys(config.topics);
  const known = catalogues.get(config) ?? catalogueFromFiles(config.templates.dir, templateNames, { topics });
  catalogues.set(config, known);
  return known;
}
