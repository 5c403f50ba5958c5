import { z } from 'zod';

/**
 * What a field may be used for. `public`: ids, amounts, dates; it enters Temporal and may be logged. `personal`: it says something
 * about a person; it stays in Postgres, and an email to that person may show it. `secret`: it opens something; no template may
 * use it at all. Journeys see public fields only, and so do their types.
 */
export type FieldClass = 'public' | 'personal' | 'secret';

declare module 'zod' {
  interface GlobalMeta {
    /** Each field of an event says it with `.meta({ class: 'personal' })`. */
    class?: FieldClass;
  }
  interface ZodType<
    out Output = unknown,
    out Input = unknown,
    out Internals extends z.core.$ZodTypeInternals<Output, Input> = z.core.$ZodTypeInternals<Output, Input>,
  > {
    /** The class becomes part of the type, so that the compiler knows what a journey may read. */
    meta<const C extends FieldClass>(data: Omit<z.core.GlobalMeta, 'class'> & { class: C }): this & Classed<C>;
  }
}

/** A schema with its class. For the compiler only: no value has this property, `.meta()` keeps the class in zod's registry. */
export interface Classed<C extends FieldClass> {
  readonly '~class': C;
}

/**
 * The part of a schema's output that is classed `public`; `never` where nothing is. `Around` is the class of the field that it is
 * in, which counts where it has none of its own.
 */
export type PublicPart<Schema, Around extends FieldClass | undefined = undefined> = PublicOf<
  Unwrapped<Schema>,
  ClassOf<Schema, Around>
>;

type PublicOf<Schema, Own extends FieldClass | undefined> =
  Schema extends z.core.$ZodObject<infer Shape>
    ? PublicFields<Shape, Own> extends infer Fields
      ? [keyof Fields] extends [never]
        ? never
        : Fields
      : never
    : Schema extends z.core.$ZodArray<infer Element>
      ? [PublicPart<Element, Own>] extends [never]
        ? never
        : PublicPart<Element, Own>[]
      : Own extends 'public'
        ? z.output<Schema>
        : never;

type PublicFields<Shape, Own extends FieldClass | undefined> = Flat<
  {
    [Name in keyof Shape as IsIn<Shape[Name], Own, 'required'> extends true ? Name : never]: PublicPart<
      Shape[Name],
      Own
    >;
  } & {
    [Name in keyof Shape as IsIn<Shape[Name], Own, 'optional'> extends true ? Name : never]?:
      | PublicPart<Shape[Name], Own>
      | undefined;
  }
>;

type IsIn<Schema, Own extends FieldClass | undefined, How extends 'required' | 'optional'> = [
  PublicPart<Schema, Own>,
] extends [never]
  ? false
  : (undefined extends z.output<Schema> ? 'optional' : 'required') extends How
    ? true
    : false;

type Flat<Fields> = { [Name in keyof Fields]: Fields[Name] };

type Wrapper<Inner extends z.core.SomeType> =
  | z.core.$ZodOptional<Inner>
  | z.core.$ZodNullable<Inner>
  | z.core.$ZodDefault<Inner>
  | z.core.$ZodPrefault<Inner>
  | z.core.$ZodNonOptional<Inner>
  | z.core.$ZodReadonly<Inner>
  | z.core.$ZodCatch<Inner>;

type Unwrapped<Schema> = Schema extends Wrapper<infer Inner> ? Unwrapped<Inner> : Schema;

type ClassOf<Schema, Around extends FieldClass | undefined> =
  Schema extends Classed<infer C>
    ? C
    : Schema extends Wrapper<infer Inner>
      ? ClassOf<Inner, Around>
      : Schema extends z.core.$ZodPipe<infer _In, infer Out>
        ? ClassOf<Out, Around>
        : Around;

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
