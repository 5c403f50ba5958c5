import { idPattern } from './envelope.ts';

/** Of an event that was refused, the public ids that can be read: each is an id by `idPattern`, which no address is. */
export interface ReadableIds {
  event_id?: string;
  event_type?: string;
  user_id?: string;
}

const fields = ['event_id', 'event_type', 'user_id'] as const;

/**
 * Returns the ids in the bytes of an event, valid or not. In a body that isn't JSON, an id counts if the text names one value for it
 * and no other. Never throws.
 */
export function readableIds(bytes: Uint8Array): ReadableIds {
  const text = new TextDecoder().decode(bytes);
  const read = valuesIn(text);
  const found = fields.flatMap((field) => {
    const value = read(field);
    return typeof value === 'string' && idPattern.test(value) ? [[field, value]] : [];
  });
  return Object.fromEntries(found) as ReadableIds;
}

function valuesIn(text: string): (field: string) => unknown {
  try {
    const body: unknown = JSON.parse(text);
    return (field) => (isObject(body) && Object.hasOwn(body, field) ? body[field] : undefined);
  } catch {
    return (field) => {
      const named = new Set([...text.matchAll(pairOf(field))].map(([, value]) => value));
      return named.size === 1 ? [...named][0] : undefined;
    };
  }
}

/** `"field": "an id"`, as JSON writes it. */
function pairOf(field: string): RegExp {
  return new RegExp(`"${field}"\\s*:\\s*"([A-Za-z0-9_.:-]{1,128})"`, 'g');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
