import type { z } from 'zod';

import { envelope } from './envelope.ts';
import { type Dropped, type ObjectSchema, readForgiving } from './forgiving.ts';
import { type Event, type EventType, eventTypes, type FullEvent } from './index.ts';
import { mayNameAllTopics, neededBlock } from './needed-blocks.ts';
import { consent, type ConsentBlock, contact, type Contact } from './person.ts';
import { type PersonalPart, splitEvent } from './split-event.ts';
import { typosIn } from './typos.ts';

/** The largest event body, in bytes. */
export const maxEventBytes = 256 * 1024;

/** Why an event was refused; also the last token of its dead-letter subject. */
export const refusalReasons = [
  'too_large',
  'invalid_utf8',
  'invalid_json',
  'not_an_object',
  'invalid_event_id',
  'invalid_user_id',
  'invalid_timestamp',
  'invalid_envelope',
  'unknown_event_type',
  'invalid_payload',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** An event split into the part that may enter Temporal and the parts that must not. */
export interface ParsedEvent {
  event: Event;
  /** Of its payload and metadata, what is not public. */
  personal: PersonalPart;
  contact?: Contact;
  consent?: ConsentBlock;
  /** Of an opt-out, the address that it names where it may not say that this is the person's. */
  optOutAt?: string;
  /** Optional fields that came and could not be used, and unknown ones that are probably slips. */
  dropped?: Dropped[];
}

export type ParseResult = { ok: true; parsed: ParsedEvent } | { ok: false; reason: RefusalReason; error: string };

/**
 * Reads the bytes of one event. Never throws: a wrong event comes back with a reason and a message that names the
 * field and says what would be right. The message quotes no values, since they may be personal.
 */
export function parseEvent(bytes: Uint8Array): ParseResult {
  if (bytes.byteLength > maxEventBytes) {
    return refuse('too_large', `the body has ${bytes.byteLength} bytes; at most ${maxEventBytes} are allowed`);
  }
  const text = decode(bytes);
  if (text === undefined) return refuse('invalid_utf8', 'the body is not valid UTF-8');
  const json = parseJson(text);
  if (json === undefined) return refuse('invalid_json', 'the body is not valid JSON');
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return refuse(
      'not_an_object',
      'the body must be a JSON object with event_id, event_type, user_id, timestamp, payload',
    );
  }
  return parseEnvelope(json.value);
}

/** The same for an event that somebody writes by hand, and who wants to know of every slip: what would be dropped is refused. */
export function parseWritten(bytes: Uint8Array): ParseResult {
  const read = parseEvent(bytes);
  if (!read.ok || read.parsed.dropped === undefined) return read;
  return refuse('invalid_payload', inWords(read.parsed.dropped).join('; '));
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function parseEnvelope(body: object): ParseResult {
  const outer = envelope.safeParse(withEmptyObjects(body));
  if (!outer.success) return refuse(envelopeReason(outer.error), describe(outer.error));
  const { event_type, payload } = outer.data;
  if (!isEventType(event_type)) {
    return refuse('unknown_event_type', `event_type is none of ${Object.keys(eventTypes).join(', ')}`);
  }

  const fields = withoutNulls(payload);
  const inner = readForgiving(eventTypes[event_type] as ObjectSchema, fields, 'payload');
  const who = readBlock(contact, fields['contact'], 'payload.contact');
  const agreed = readBlock(consent, fields['consent'], 'payload.consent');
  if (!inner.ok) {
    const problems = [describeUnder('payload', inner.error), ...inWords([...who.dropped, ...agreed.dropped])];
    return refuse('invalid_payload', problems.join('; '));
  }
  const dropped = [...inner.dropped, ...who.dropped, ...agreed.dropped, ...typosIn(body, event_type)];
  const lacking = lacks(event_type, who.value, agreed.value);
  if (lacking) return refuse('invalid_payload', [lacking, ...inWords(dropped)].join('; '));

  const { event_id, user_id, timestamp, metadata } = outer.data;
  const whole = { event_id, event_type, user_id, timestamp, payload: inner.value, ...(metadata && { metadata }) };
  const parts = splitEvent(whole as FullEvent);
  if (!('event' in parts)) return refuse('invalid_payload', parts.misfits.join('; '));
  return {
    ok: true,
    parsed: {
      event: parts.event,
      personal: parts.personal,
      ...(dropped.length > 0 && { dropped }),
      ...(who.value && { contact: who.value }),
      ...(agreed.value && { consent: agreed.value }),
    },
  };
}

/** Events that are about a block alone say nothing without it. */
function lacks(type: EventType, who: Contact | undefined, agreed: ConsentBlock | undefined): string | undefined {
  const needed = neededBlock(type);
  if (needed === 'consent' && !agreed?.topics.length)
    return 'payload.consent.topics: must name at least one topic, such as ["offers"]';
  if (needed === 'consent' && !mayNameAllTopics(type) && agreed?.topics.includes('*'))
    return 'payload.consent.topics: "*" stands for every topic in consent.revoked only; name the topics';
  if (needed === 'contact' && !who)
    return 'payload.contact: must hold what is new, such as {"email": "ada@example.com"}';
  return undefined;
}

/** Many languages write an absent field as null: it counts as absent. */
function withoutNulls(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== null));
}

interface Block<Value> {
  value?: Value;
  dropped: Dropped[];
}

/** Reads `contact` or `consent`: of both, every field is optional, and so are they. PHP writes an empty object as `[]`. */
function readBlock<Schema extends ObjectSchema>(schema: Schema, came: unknown, path: string): Block<z.output<Schema>> {
  if (came === undefined || (Array.isArray(came) && came.length === 0)) return { dropped: [] };
  if (typeof came !== 'object' || came === null || Array.isArray(came))
    return { dropped: [{ field: path, problem: 'must be an object' }] };
  const read = readForgiving(schema, withoutNulls(came), path);
  return read.ok ? read : { dropped: [{ field: path, problem: describe(read.error) }] };
}

/** PHP writes an empty object as `[]`. */
function withEmptyObjects(body: object): object {
  const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) =>
      (name === 'payload' || name === 'metadata') && isEmptyList(value) ? [name, {}] : [name, value],
    ),
  );
}

function inWords(dropped: readonly Dropped[]): string[] {
  return dropped.map(({ field, problem }) => `${field}: ${problem}`);
}

function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventTypes, text);
}

function envelopeReason(error: z.ZodError): RefusalReason {
  switch (error.issues[0]?.path[0]) {
    case 'event_id':
      return 'invalid_event_id';
    case 'user_id':
      return 'invalid_user_id';
    case 'timestamp':
      return 'invalid_timestamp';
    case 'payload':
      return 'invalid_payload';
    default:
      return 'invalid_envelope';
  }
}

function describe(error: z.ZodError): string {
  return describeUnder('', error);
}

function describeUnder(root: string, error: z.ZodError | undefined): string {
  if (!error) return '';
  return error.issues
    .map((issue) => {
      const path = [root, ...issue.path.map(String)].filter((part) => part !== '').join('.');
      return issue.message.startsWith(path) ? issue.message : `${path}: ${issue.message}`;
    })
    .join('; ');
}

function refuse(reason: RefusalReason, error: string): ParseResult {
  return { ok: false, reason, error };
}
