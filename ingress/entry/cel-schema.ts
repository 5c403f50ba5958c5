import type { z } from 'zod';

import { type EventType, eventTypes } from '../../events/index.ts';

/** A type of CEL by its name, an object by its fields, or a list of one kind of entry. */
export type CelType = string | CelSchema | readonly [CelType];
export type CelSchema = { [field: string]: CelType };

/** What a rule may ask, of an event by the schema of its type. */
export function ruleSchema(type: EventType): CelSchema {
  return {
    event: {
      type: 'string',
      timestamp: 'google.protobuf.Timestamp',
      payload: fieldsOf(eventTypes[type]),
      metadata: 'map<string, string>',
    },
    now: 'google.protobuf.Timestamp',
    person: { locale: 'string', time_zone: 'string', country: 'string', plan: 'string' },
  };
}

function fieldsOf({ shape }: z.ZodObject): CelSchema {
  return Object.fromEntries(Object.entries(shape).map(([field, type]) => [field, celType(type)]));
}

/** Every number is a double: JSON knows no other. */
function celType(type: z.core.$ZodType): CelType {
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
      return [celType((def as z.core.$ZodArrayDef).element)];
    case 'object':
      return fieldsOf(type as z.ZodObject);
    case 'pipe':
      return celType((def as z.core.$ZodPipeDef).out);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'catch':
      return celType((def as z.core.$ZodOptionalDef).innerType);
    default:
      return 'dyn';
  }
}
