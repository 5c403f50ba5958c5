import type { Config } from '../config/schema.ts';
import { type EventType, eventTypes } from '../events/index.ts';
import { type ParsedEvent, parseWritten } from '../events/parse.ts';
import { everyTopic } from '../store/consents.ts';
import { templateNames } from '../templates/names.ts';
import { daysLater } from './local-clock.ts';
import { sampleData } from './sample-data.ts';
import { withMoments } from './moments.ts';
import { readWhen, span } from './when.ts';
import { WrongSimulation } from './wrong.ts';

/** Something that happens while a journey runs: `day 3: project.created`, or in parts. */
export type Happening =
  | string
  | { at: string | number; event: string; payload?: Record<string, unknown> }
  | { at: string | number; does: string };

/** The same, parsed. `text`: what the calendar shows. */
export type Planned = { at: number; text: string } & (
  | { kind: 'event'; parsed: ParsedEvent; sampled: string | undefined }
  | { kind: 'bounces' | 'complains' | 'restarts' | 'cancelled' }
  | { kind: 'clicks'; template: string }
  | { kind: 'fault'; fault: 'throttled' | 'unavailable'; ms: number }
);

interface Terms {
  zone: string;
  from: number;
  user: string;
  topics: Config['topics'];
  /** The payload of the event that starts the journey. */
  start: Readonly<Record<string, unknown>>;
}

const possible = `an event such as "project.created" or "order.completed {"total": 5, …}", "opts out", "opts out of <topic>",
  "bounces", "complains", "clicks <template>", "moves to <time zone>", "provider throttles for <duration>",
  "provider is away for <duration>", "worker restarts", "is cancelled"`;

/**
 * Parses a scenario. Times of day are in the time zone of the person, after a move in the list in the new one. Throws a
 * WrongSimulation that quotes what is invalid.
 */
export function readHappenings(happenings: readonly Happening[], terms: Terms): Planned[] {
  let { zone } = terms;
  return happenings.map((happening, index) => {
    const { when, what, payload } = inParts(happening);
    const at = typeof when === 'number' ? when : readWhen(when, zone, terms.from);
    if (at === undefined)
      throw new WrongSimulation(
        `"${quoted(happening)}": "${when}" is no time. Write "day 3", "day 3 14:30", "2 hours" or "2026-12-24 18:00"`,
      );
    const planned = understand(what, payload, { ...terms, zone, at, id: `happening-${index + 1}` });
    if (typeof planned === 'string') throw new WrongSimulation(`"${quoted(happening)}": ${planned}`);
    if (planned.kind === 'event') zone = planned.parsed.contact?.time_zone ?? zone;
    return planned;
  });
}

function inParts(happening: Happening): { when: string | number; what: string; payload?: unknown } {
  if (typeof happening !== 'string') {
    const what = 'event' in happening ? happening.event : happening.does;
    return { when: happening.at, what, ...('payload' in happening && { payload: happening.payload }) };
  }
  const [, when, what] = /^(.+?):\s+(.+)$/s.exec(happening.trim()) ?? [];
  if (when === undefined || what === undefined) {
    throw new WrongSimulation(`"${happening}" says not when and what: write "day 3: project.created"`);
  }
  const [, event, json] = /^(\S+)\s+(\{.*\})$/s.exec(what) ?? [];
  if (event === undefined || json === undefined) return { when, what };
  try {
    return { when, what: event, payload: JSON.parse(json) };
  } catch {
    throw new WrongSimulation(`"${happening}": what stands after ${event} is not valid JSON`);
  }
}

/** What it means, or what is wrong with it. */
function understand(what: string, payload: unknown, terms: Terms & { at: number; id: string }): Planned | string {
  const { at } = terms;
  const event = (type: EventType, fields: unknown) => eventOf(type, fields, what, terms);
  if (Object.hasOwn(eventTypes, what)) return event(what as EventType, payload);
  const [, topic] = /^opts out(?: of (\S+))?$/.exec(what) ?? [];
  if (what.startsWith('opts out') && (what === 'opts out' || topic !== undefined)) {
    if (topic !== undefined && !Object.hasOwn(terms.topics, topic))
      return among('topic', topic, Object.keys(terms.topics));
    return event('consent.revoked', { consent: { topics: [topic ?? everyTopic], source: 'simulation' } });
  }
  const [, zone] = /^moves to (\S+)$/.exec(what) ?? [];
  if (zone !== undefined) return event('contact.updated', { contact: { time_zone: zone } });
  const [, template] = /^clicks (\S+)$/.exec(what) ?? [];
  if (template !== undefined) {
    const known = (templateNames as readonly string[]).includes(template);
    return known ? { at, text: what, kind: 'clicks', template } : among('template', template, templateNames);
  }
  const [, fault, duration = ''] = /^provider (throttles|is away) for (.+)$/.exec(what) ?? [];
  if (fault !== undefined) {
    const ms = span(duration);
    if (ms === undefined) return `"${duration}" is no duration: write "3 hours"`;
    return { at, text: what, kind: 'fault', fault: fault === 'throttles' ? 'throttled' : 'unavailable', ms };
  }
  if (what === 'bounces' || what === 'complains') return { at, text: what, kind: what };
  if (what === 'worker restarts') return { at, text: what, kind: 'restarts' };
  if (what === 'is cancelled') return { at, text: what, kind: 'cancelled' };
  if (/^[\w-]+\.[\w.-]+$/.test(what)) return among('event type', what, Object.keys(eventTypes));
  return `nobody knows "${what}". There are: ${possible}`;
}

/** Read as ingress would read it. A payload that is given stands as it is: an order may be that of no cart. */
function eventOf(
  event_type: EventType,
  payload: unknown,
  what: string,
  { at, id, user, zone, start }: Terms & { at: number; id: string },
): Planned | string {
  const sample = payload === undefined ? sampleData(event_type, { start, moment: daysLater(zone, at, 14) }) : undefined;
  const given = isObject(payload) ? withMoments(event_type, payload, zone) : payload;
  const event = { event_id: id, event_type, user_id: user, timestamp: at, payload: given ?? sample?.fields };
  const read = parseWritten(Buffer.from(JSON.stringify(event)));
  if (!read.ok) return read.error;
  return { at, text: what, kind: 'event', parsed: read.parsed, sampled: sample?.note };
}

function isObject(payload: unknown): payload is Record<string, unknown> {
  return typeof payload === 'object' && payload !== null;
}

function among(kind: string, name: string, known: readonly string[]): string {
  return `there is no ${kind} "${name}". There are: ${known.join(', ')}`;
}

function quoted(happening: Happening): string {
  return typeof happening === 'string' ? happening : JSON.stringify(happening);
}
