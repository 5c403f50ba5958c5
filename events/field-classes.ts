import { z } from 'zod';

/**
 * What a field may be used for. `public`: ids, amounts, dates; it may be logged. `personal`: it tells something about a person;
 * a mail to that person may show it, a log must not. `secret`: it opens something; no template may use it at all.
 */
export type FieldClass = 'public' | 'personal' | 'secret';

declare module 'zod' {
  interface GlobalMeta {
    /** Each field of an event says it with `.meta({ class: 'personal' })`. */
    class?: FieldClass;
  }
}

/** What a schema is, below `.optional()`, `.default()` and pipes. */
export type Field = {
  /** It may be absent once the event is parsed. */
  optional: boolean;
  /** Undefined where nobody has said it. */
  class: FieldClass | undefined;
} & (
  | { kind: 'object'; fields: Readonly<Record<string, z.core.$ZodType>> }
  | { kind: 'list'; element: z.core.$ZodType }
  | { kind: 'value' }
);

/** Looks into one schema. What is neither object nor list counts as a value. */
export function fieldOf(schema: z.core.$ZodType): Field {
  const said = z.globalRegistry.get(schema)?.class;
  const def = (schema as z.ZodType).def as z.core.$ZodTypes['_zod']['def'];
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return { ...closer(fieldOf(def.innerType), said), optional: true };
    case 'default':
    case 'prefault':
    case 'nonoptional':
      return { ...closer(fieldOf(def.innerType), said), optional: false };
    case 'readonly':
    case 'catch':
      return closer(fieldOf(def.innerType), said);
    case 'pipe':
      return closer(fieldOf(def.out), said);
    case 'object':
      return { kind: 'object', fields: def.shape, optional: false, class: said };
    case 'array':
      return { kind: 'list', element: def.element, optional: false, class: said };
    default:
      return { kind: 'value', optional: false, class: said };
  }
}

/** Every value that the schema can hold, by path (`items[].price`), with its class, or that of what it stands in. */
export function classesIn(
  schema: z.core.$ZodType,
  path = '',
  around?: FieldClass,
): Record<string, FieldClass | undefined> {
  const field = fieldOf(schema);
  const own = field.class ?? around;
  if (field.kind === 'value') return { [path]: own };
  if (field.kind === 'list') return classesIn(field.element, `${path}[]`, own);
  return Object.assign(
    {},
    ...Object.entries(field.fields).map(([name, inner]) =>
      classesIn(inner, path === '' ? name : `${path}.${name}`, own),
    ),
  ) as Record<string, FieldClass | undefined>;
}

/** What is said on the outside counts. */
function closer(field: Field, said: FieldClass | undefined): Field {
  return said === undefined ? field : { ...field, class: said };
}
