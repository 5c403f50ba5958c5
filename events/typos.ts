import { envelope } from './envelope.ts';
import { fieldOf } from './field-classes.ts';
import type { Dropped } from './forgiving.ts';
import { type EventType, eventTypes } from './index.ts';
import { nearest } from './nearest.ts';
import { consent, contact } from './person.ts';

const longestName = 64;

/** Of an object with more unknown fields than these, the others are not looked at: they are somebody's data, not slips. */
const unknownRead = 20;

/** Unknown fields whose names are probably slips of known ones that are missing. Names only that look like names of ours are told. */
export function typosIn(body: object, type: EventType): Dropped[] {
  const { payload } = body as { payload?: unknown };
  const fields = (schema: Parameters<typeof fieldOf>[0]) => {
    const field = fieldOf(schema);
    return field.kind === 'object' ? Object.keys(field.fields) : [];
  };
  return [
    ...typosOf(body, fields(envelope), ''),
    ...typosOf(payload, [...fields(eventTypes[type]), 'contact', 'consent'], 'payload.'),
    ...typosOf(inside(payload, 'contact'), fields(contact), 'payload.contact.'),
    ...typosOf(inside(payload, 'consent'), fields(consent), 'payload.consent.'),
  ];
}

function inside(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[name];
}

function typosOf(value: unknown, known: readonly string[], path: string): Dropped[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const there = Object.keys(value);
  const missing = known.filter((name) => !there.includes(name));
  const unknown = there.filter((name) => !known.includes(name)).slice(0, unknownRead);
  return unknown.flatMap((name) => {
    if (name.length > longestName || !/^[A-Za-z_-]+$/.test(name)) return [];
    const meant = nearest(name, missing);
    return meant === undefined
      ? []
      : [
          {
            field: `${path}${name}`,
            problem: `unknown field; did you mean "${meant}"?`,
            meant: `${path}${meant}`,
          },
        ];
  });
}
