import type { z } from 'zod';

import { type EventType, eventTypes } from '../../events/index.ts';

/** A type of CEL, or an object of them by field. */
export type CelSchema = { [field: string]: string | CelSchema };

/** What a rule may ask of an event: the fields of its schema. What stands in lists is not known by type. */
export function eventSchema(type: EventType): CelSchema {
  return {
    type: 'string',
    timestamp: 'google.protobuf.Timestamp',
    payload: fieldsOf(eventTypes[type]),
    metadata: 'map<string, string>',
  };
}

export const personSchema: CelSchema = { locale: 'string', time_zone: 'string', country: 'string', plan: 'string' };

function fieldsOf({ shape }: z.ZodObject): CelSchema {
  return Object.fromEntries(Object.entries(shape).map(([field, type]) => [field, celType(type)]));
}

/** Every number is a double: JSON knows no other. */
function celType(type: z.core.$ZodType): string | CelSchema {
  const { def } = type as z.ZodType;
  switch (def.type) {
    case 'string':
    case 'enum':
      return 'string';
    case 'number':
    case 'int':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'array':
      return 'list';
    case 'object':
      return fieldsOf(type as z.ZodObject);
    case 'optional':
    case 'nullable':
    case 'default':
      return celType((def as z.core.$ZodOptionalDef).innerType);
    default:
      return 'dyn';
  }
}
