import { headers, type MsgHdrs } from '@nats-io/transport-node';

import { type Event } from '../../events/index.ts';
import { parseEvent, type ParsedEvent } from '../../events/parse.ts';
import { normalise } from '../../ingress/feedback/normalise.ts';
import { eventSubject, isFeedback } from '../../ingress/lanes.ts';
import { contradicts, whyUnusable } from '../../ingress/take-in.ts';
import type { WholeLetter } from './letter.ts';

/** How a letter is replayed. */
export interface ReplayOptions {
  /** Publish an event to the subject of its type, not to the one that it came on. */
  subjectFromType?: true;
  /** Publish what this version of Rivulet refuses, too: the ingress may be newer. */
  force?: true;
}

/** A message to publish. */
export interface Publication {
  subject: string;
  bytes: Uint8Array;
  fields: MsgHdrs;
  /** The same for every replay of this letter, and for no other. */
  id: string;
  /** Undefined: feedback, or an event that this version refuses. */
  parsed?: ParsedEvent;
}

const idPrefix = 'dlq-replay:';

/** Returns the message that a replay publishes, or why there is none: the body is cut, or would be refused again. */
export function publicationOf(
  stream: string,
  letter: WholeLetter,
  options: ReplayOptions,
): Publication | { invalid: string } {
  const { data: bytes, subject, truncatedFrom } = letter;
  if (truncatedFrom !== undefined) {
    return { invalid: `the letter has the first ${bytes.byteLength} of ${truncatedFrom} bytes only` };
  }
  if (isFeedback(subject)) {
    const unusable = normalise(bytes).find(({ type }) => type === 'unusable');
    if (unusable?.type === 'unusable' && !options.force) return { invalid: whyUnusable(unusable) };
  } else {
    const result = parseEvent(bytes);
    if (result.ok) return eventPublication(stream, letter, bytes, result.parsed, options);
    if (!options.force) return { invalid: result.error };
  }
  return isPublishable(subject)
    ? { subject, bytes, fields: headersOf(letter), id: idOf(stream, letter) }
    : { invalid: `${noSubject}; nothing else says where it belongs` };
}

/** Returns the message that a replay publishes for these bytes in place of the letter's own, to the subject of their event's type. */
export function editedPublication(stream: string, letter: WholeLetter, bytes: Uint8Array, event: Event): Publication {
  return { subject: subjectOf(event), bytes, fields: headersOf(letter), id: idOf(stream, letter) };
}

function eventPublication(
  stream: string,
  letter: WholeLetter,
  bytes: Uint8Array,
  parsed: ParsedEvent,
  { subjectFromType, force }: ReplayOptions,
): Publication | { invalid: string } {
  const subject = subjectFromType ? subjectOf(parsed.event) : letter.subject;
  if (!isPublishable(subject)) return { invalid: `${noSubject}; --subject-from-type takes that of the event's type` };
  const contradiction = contradicts(subject, parsed);
  if (contradiction !== undefined && !force) {
    return { invalid: `${contradiction}, as --subject-from-type does` };
  }
  return { subject, bytes, fields: headersOf(letter), id: idOf(stream, letter), parsed };
}

const noSubject = 'the letter does not name a subject of events or feedback';

function subjectOf({ event_type }: Pick<Event, 'event_type'>): string {
  return `${eventSubject}.${event_type}`;
}

/** Whether it is a subject of the stream of events. Those with other characters are not kept to the letter. */
function isPublishable(subject: string): boolean {
  const isOurs = subject === eventSubject || subject.startsWith(`${eventSubject}.`) || isFeedback(subject);
  return isOurs && /^[\x21-\x7e]{1,1000}$/.test(subject) && !/[*>]|\.\.|\.$/.test(subject);
}

function idOf(stream: string, { seq, storedAt }: WholeLetter): string {
  return `${idPrefix}${stream}:${seq}:${storedAt}`;
}

/**
 * The original headers, without what the letter notes about them, and how often the message was replayed. Headers that steered
 * JetStream keep the name that they have in the letter.
 */
function headersOf({ fields, replays }: WholeLetter): MsgHdrs {
  const kept = headers();
  for (const [name, values] of fields) {
    if (/^(Nats-|Rivulet-Dlq-)/i.test(name)) continue;
    for (const value of values) if (!value.startsWith(idPrefix)) kept.append(name, value);
  }
  kept.set('Rivulet-Dlq-Replays', String(replays + 1));
  return kept;
}
