import type { z } from 'zod';

import { type FieldClass, fieldOf } from './field-classes.ts';
import { type Event, type EventType, eventTypes, type FullEvent, type FullPayload } from './index.ts';
import { isPublicText, isWord, publicMetadata, publicTextRule } from './public-text.ts';

/** What of an event stays in Postgres: the fields of its payload that are not `public`, and all other metadata. */
export interface PersonalPart {
  payload?: Record<string, unknown>;
  metadata?: Record<string, string>;
}

/** `misfits`: required public fields that hold what no history may hold, each with what would be right. */
export type Split<T extends EventType = EventType> =
  | { event: Event<T>; personal: PersonalPart; misfits: [] }
  | { misfits: [string, ...string[]] };

/** Splits a checked event into what may enter Temporal and what must not. `fullEvent` joins the two again. */
export function splitEvent<T extends EventType>(whole: FullEvent<T>): Split<T> {
  const { payload, metadata, ...envelope } = whole;
  const parts = split(eventTypes[whole.event_type], payload, { path: 'payload' });
  const [first, ...others] = parts.misfits;
  if (first !== undefined) return { misfits: [first, ...others] };
  const fields = splitMetadata(metadata);
  const event = { ...envelope, payload: parts.open ?? {}, ...(fields.open && { metadata: fields.open }) };
  const personal = {
    ...(parts.closed !== undefined && { payload: parts.closed as Record<string, unknown> }),
    ...(fields.closed && { metadata: fields.closed }),
  };
  return { event: event as Event<T>, personal, misfits: [] };
}

/** The whole payload, as its producer wrote it: for templates and entry rules. Nothing of it may be handed to Temporal. */
export function fullPayload<T extends EventType>(
  { payload }: Pick<Event<T>, 'payload'>,
  personal: PersonalPart,
): FullPayload<T> {
  return join(payload, personal.payload) as FullPayload<T>;
}

export function fullEvent<T extends EventType>(event: Event<T>, personal: PersonalPart): FullEvent<T> {
  const metadata = { ...event.metadata, ...personal.metadata };
  const { metadata: _, ...rest } = event;
  return {
    ...rest,
    payload: fullPayload(event, personal),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The two parts of one value; a part of which there is nothing is absent. */
interface Parts {
  open?: unknown;
  closed?: unknown;
  misfits: string[];
}

interface Place {
  path: string;
  /** The class of what it is in. */
  around?: FieldClass | undefined;
}

function split(schema: z.core.$ZodType, value: unknown, place: Place): Parts {
  if (value === undefined) return { misfits: [] };
  const field = fieldOf(schema);
  const own = field.class ?? place.around;
  if (field.kind === 'object' && isRecord(value)) return splitObject(field.fields, value, { ...place, around: own });
  if (field.kind === 'list' && Array.isArray(value)) {
    return splitList(field.element, value, { path: place.path, around: own });
  }
  if (own !== 'public') return { closed: value, misfits: [] };
  if (isPublic(value)) return { open: value, misfits: [] };
  return field.optional ? { closed: value, misfits: [] } : { misfits: [`${place.path}: ${publicTextRule}`] };
}

function splitObject(
  fields: Readonly<Record<string, z.core.$ZodType>>,
  value: Record<string, unknown>,
  { path, around }: Place,
): Parts {
  const parts = Object.entries(fields).map(
    ([name, schema]) => [name, split(schema, value[name], { path: `${path}.${name}`, around })] as const,
  );
  const those = (which: 'open' | 'closed') => parts.filter(([, part]) => part[which] !== undefined);
  const [open, closed] = [those('open'), those('closed')];
  return {
    // Where the type promises an object, it is there, even if none of its optional fields is.
    ...((open.length > 0 || Object.values(fields).some((schema) => hasPublic(schema, around))) && {
      open: Object.fromEntries(open.map(([name, part]) => [name, part.open])),
    }),
    ...(closed.length > 0 && { closed: Object.fromEntries(closed.map(([name, part]) => [name, part.closed])) }),
    misfits: parts.flatMap(([, { misfits }]) => misfits),
  };
}

/** Both parts are as long as the list, so that they can be joined by place. */
function splitList(element: z.core.$ZodType, list: readonly unknown[], { path, around }: Place): Parts {
  const parts = list.map((item, index) => split(element, item, { path: `${path}.${index}`, around }));
  const closed = parts.map((part) => part.closed ?? null);
  return {
    ...(hasPublic(element, around) && { open: parts.map(({ open }) => open) }),
    ...((closed.some((part) => part !== null) || !hasPublic(element, around)) && { closed }),
    misfits: parts.flatMap(({ misfits }) => misfits),
  };
}

/** Whether a value of this schema can have a public part. */
function hasPublic(schema: z.core.$ZodType, around: FieldClass | undefined): boolean {
  const field = fieldOf(schema);
  const own = field.class ?? around;
  if (field.kind === 'object') return Object.values(field.fields).some((inner) => hasPublic(inner, own));
  return field.kind === 'list' ? hasPublic(field.element, own) : own === 'public';
}

/** Numbers, and yes and no, say nothing that a text could. Anything with an inside that no schema describes might. */
function isPublic(value: unknown): boolean {
  if (typeof value === 'string') return isPublicText(value);
  return typeof value !== 'object' || value === null;
}

function splitMetadata(metadata: Record<string, string> = {}): {
  open?: Record<string, string>;
  closed?: Record<string, string>;
} {
  const isOpen = ([name, text]: [string, string]) => publicMetadata.includes(name) && isWord(text);
  const open = Object.entries(metadata).filter(isOpen);
  const closed = Object.entries(metadata).filter((field) => !isOpen(field));
  return {
    ...(open.length > 0 && { open: Object.fromEntries(open) }),
    ...(closed.length > 0 && { closed: Object.fromEntries(closed) }),
  };
}

function join(open: unknown, closed: unknown): unknown {
  if (closed === undefined || closed === null) return open;
  if (open === undefined || open === null) return closed;
  if (Array.isArray(open) && Array.isArray(closed)) return open.map((item, index) => join(item, closed[index]));
  if (!isRecord(open) || !isRecord(closed)) return open;
  const names = new Set([...Object.keys(open), ...Object.keys(closed)]);
  return Object.fromEntries([...names].map((name) => [name, join(open[name], closed[name])]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
