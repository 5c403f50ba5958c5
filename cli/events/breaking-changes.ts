import { nearest } from '../../events/nearest.ts';
import { boundsNarrowed } from './bounds.ts';
import type { JsonSchema } from './json-schema.ts';

/** A change of a schema that breaks producers or running journeys. */
export interface BreakingChange {
  type: string;
  /** Such as `payload.items[].price`; empty for the event type itself. */
  field: string;
  /** What changed. */
  change: string;
  /** Whom it breaks, and why. */
  breaks: string;
  /** What to do instead. */
  instead: string;
}

type Schemas = ReadonlyMap<string, JsonSchema>;

/** Returns what breaks producers of today's events or journeys that are running, in the order of the event types. */
export function breakingChanges(before: Schemas, after: Schemas): BreakingChange[] {
  return [...before].flatMap(([type, schema]) => {
    const now = after.get(type);
    return now === undefined ? [removedType(type)] : inFields({ type, path: '' }, schema, now);
  });
}

function removedType(type: string): BreakingChange {
  return {
    type,
    field: '',
    change: 'the event type was removed',
    breaks:
      'producers: their events become dead letters (unknown_event_type); running journeys that wait for it wait in vain',
    instead: 'Keep it until no producer publishes it and no run waits for it.',
  };
}

interface Place {
  type: string;
  path: string;
}

/** Keywords that say nothing about which values are valid. */
const annotations = new Set(['$schema', '$id', 'title', 'description', 'examples', 'default', 'x-class']);
/** Keywords with a comparison of their own. */
const compared = new Set(
  `type properties required items additionalProperties enum const minimum maximum exclusiveMinimum exclusiveMaximum
  minLength maxLength minItems maxItems minProperties maxProperties`.split(/\s+/),
);

function inFields(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  const [old, now] = [before.properties ?? {}, after.properties ?? {}];
  const added = Object.keys(now).filter((name) => !(name in old));
  const renamed = renames(old, now, added);
  const isRequired = (schema: JsonSchema, name: string) => schema.required?.includes(name) ?? false;
  const kept = Object.entries(old).flatMap(([name, field]) => {
    const here = within(place, name);
    const same = now[name];
    if (same === undefined) return gone(here, field, renamed.get(name));
    return [
      ...requirement(here, field, { before: isRequired(before, name), after: isRequired(after, name) }),
      ...inValue(here, field, same),
    ];
  });
  const isNew = (name: string) => isRequired(after, name) && ![...renamed.values()].includes(name);
  return [...kept, ...added.filter(isNew).map((name) => newRequired(within(place, name)))];
}

function inValue(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  if (isUnion(before) || isUnion(after))
    return [...otherClass(place, before, after), ...otherForms(place, before, after)];
  if (!isTypeKept(before, after)) return [otherType(place, before, after)];
  return [
    ...otherClass(place, before, after),
    ...otherValues(place, before, after),
    ...boundsNarrowed(before, after).map((change) => narrowed(place, change)),
    ...otherRules(place, before, after),
    ...inFields(place, before, after),
    ...(before.items && after.items ? inValue({ ...place, path: `${place.path}[]` }, before.items, after.items) : []),
    ...inOthers(place, before.additionalProperties, after.additionalProperties),
  ];
}

/** Removed fields by the added field that replaces each: of the same shape, and similar in name or the only ones. */
function renames(
  old: Record<string, JsonSchema>,
  now: Record<string, JsonSchema>,
  added: readonly string[],
): Map<string, string> {
  const removed = Object.keys(old).filter((name) => !(name in now));
  const pairs = removed.flatMap((name) => {
    const alike = added.filter((other) => shape(old[name]!) === shape(now[other]!));
    const other = nearest(name, alike) ?? (removed.length === 1 && added.length === 1 ? alike[0] : undefined);
    return other === undefined ? [] : [[name, other] as const];
  });
  return new Map(pairs);
}

function gone(place: Place, field: JsonSchema, renamed: string | undefined): BreakingChange[] {
  const name = place.path.split('.').at(-1)!;
  if (renamed !== undefined) {
    const reads = isReadByJourneys(place, field) ? `; running journeys that read ${name} get undefined` : '';
    return [
      {
        ...at(place),
        change: `renamed to ${renamed}`,
        breaks: `producers: they still send ${name}, which would be ignored${reads}`,
        instead: `Keep ${name}, and add ${renamed} beside it as an optional field.`,
      },
    ];
  }
  if (!isReadByJourneys(place, field)) return [];
  return [
    {
      ...at(place),
      change: 'the public field was removed',
      breaks: 'running journeys that read it: they get undefined',
      instead: `Keep it, and remove it once no run reads it (npx --no rivulet impact).`,
    },
  ];
}

function newRequired(place: Place): BreakingChange {
  return {
    ...at(place),
    change: 'a new required field',
    breaks: 'producers: events without it become dead letters (invalid_payload)',
    instead: 'Make it optional, or publish a new event type that has it.',
  };
}

function requirement(place: Place, field: JsonSchema, required: { before: boolean; after: boolean }): BreakingChange[] {
  if (!required.before && required.after) {
    return [
      {
        ...at(place),
        change: 'optional before, required now',
        breaks: 'producers: events without it become dead letters (invalid_payload)',
        instead: 'Leave it optional; journeys can end or branch where it is absent.',
      },
    ];
  }
  if (!required.before || required.after || !isReadByJourneys(place, field)) return [];
  return [
    {
      ...at(place),
      change: 'required before, optional now',
      breaks: 'running journeys that read it: their code does not expect undefined',
      instead: 'Leave it required, or let the journeys handle its absence first and accept this change then.',
    },
  ];
}

function otherType(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange {
  // To a journey a whole number is a number.
  const isOther = !isTypeKept(after, before) && isReadByJourneys(place, before);
  const reads = isOther ? '; running journeys that read it get another type' : '';
  return {
    ...at(place),
    change: `the type was ${named(before)} and is ${named(after)}`,
    breaks: `producers: what they send is refused or dropped${reads}`,
    instead: 'Add an optional field with the new type and keep this one.',
  };
}

function otherClass(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  const [was, is] = [before['x-class'], after['x-class']];
  if (was !== 'public' || is === 'public' || is === undefined || !isReadByJourneys(place, before)) return [];
  return [
    {
      ...at(place),
      change: `the class was public and is ${is}`,
      breaks: 'running journeys that read it: it no longer enters Temporal',
      instead: `Add a ${is} field beside it; stop reading this one in journeys before you remove it.`,
    },
  ];
}

/** Lists of values and of types. */
function otherValues(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const lost = now === undefined ? [] : (old ?? ['any other value']).filter((value) => !now.includes(value));
  const gained = old === undefined ? [] : (now ?? ['any other value']).filter((value) => !old.includes(value));
  return validity(place, before, lost, [...newTypes(before, after), ...gained]);
}

/** Values of several forms, each with a schema. */
function otherForms(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  const [old, now] = [before, after].map((schema) => (isUnion(schema) ? schema['anyOf'] : [schema]).map(shape)) as [
    string[],
    string[],
  ];
  const without = (these: string[], those: string[]) => these.filter((form) => !those.includes(form));
  return validity(place, before, without(old, now), without(now, old));
}

function isUnion(schema: JsonSchema): schema is JsonSchema & { anyOf: JsonSchema[] } {
  return Array.isArray(schema['anyOf']) && schema.type === undefined;
}

/** What is no longer valid breaks producers; what is newly valid, journeys that know the rest only. */
function validity(place: Place, field: JsonSchema, lost: string[], gained: string[]): BreakingChange[] {
  return [
    ...(lost.length > 0 ? [narrowed(place, `no longer valid: ${lost.join(', ')}`)] : []),
    ...(gained.length > 0 && isReadByJourneys(place, field)
      ? [
          {
            ...at(place),
            change: `newly valid: ${gained.join(', ')}`,
            breaks: 'running journeys that read it: they get values that they do not know',
            instead: 'Let every journey handle a value that it does not know first, and accept this change then.',
          },
        ]
      : []),
  ];
}

/** Patterns and the like: which of two is narrower is not decided here. */
function otherRules(place: Place, before: JsonSchema, after: JsonSchema): BreakingChange[] {
  return Object.keys(after)
    .filter((keyword) => !annotations.has(keyword) && !compared.has(keyword))
    .filter((keyword) => JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword]))
    .map((keyword) => {
      const [was, is] = [before[keyword], after[keyword]].map((value) => JSON.stringify(value));
      return narrowed(place, was === undefined ? `a new ${keyword}: ${is}` : `the ${keyword} was ${was} and is ${is}`);
    });
}

function inOthers(place: Place, before: JsonSchema['additionalProperties'], after: JsonSchema['additionalProperties']) {
  if (after === false && before !== false) return [narrowed(place, 'unknown fields are no longer ignored')];
  if (typeof after !== 'object' || Object.keys(after).length === 0) return [];
  return inValue({ ...place, path: `${place.path}.*` }, typeof before === 'object' ? before : {}, after);
}

function narrowed(place: Place, change: string): BreakingChange {
  return {
    ...at(place),
    change,
    breaks: 'producers: values that are valid today would be refused, or dropped from an optional field',
    instead: 'Keep what is valid, or add an optional field with the new rule.',
  };
}

/** Journeys see the envelope and the public fields of a payload, and neither block. */
function isReadByJourneys({ path }: Place, field: JsonSchema): boolean {
  if (!path.startsWith('payload.')) return path !== 'payload' && path !== 'metadata';
  return !/^payload\.(contact|consent)\b/.test(path) && hasPublic(field);
}

function hasPublic({ 'x-class': own, properties = {}, items }: JsonSchema): boolean {
  return own === 'public' || [...Object.values(properties), ...(items ? [items] : [])].some(hasPublic);
}

/** Whether what had a valid type has one still. No type at all is any of them. */
function isTypeKept(before: JsonSchema, after: JsonSchema): boolean {
  const [old, now] = [typesOf(before), typesOf(after)];
  if (now.length === 0) return true;
  return old.length > 0 && old.every((type) => now.includes(type) || (type === 'integer' && now.includes('number')));
}

/** Types that a value may have now and could not have before; to a journey a whole number is a number. */
function newTypes(before: JsonSchema, after: JsonSchema): string[] {
  const old = typesOf(before);
  if (old.length === 0) return [];
  return typesOf(after).filter((type) => !old.includes(type) && !(type === 'number' && old.includes('integer')));
}

function typesOf({ type }: JsonSchema): string[] {
  return [type ?? []].flat();
}

function valuesOf(schema: JsonSchema): string[] | undefined {
  if ('const' in schema) return [JSON.stringify(schema.const)];
  return schema.enum?.map((value) => JSON.stringify(value));
}

function named(schema: JsonSchema): string {
  return typesOf(schema).join(' or ') || 'anything';
}

/** The schema without what says nothing about its values. */
function shape(schema: JsonSchema): string {
  return JSON.stringify(schema, (key, value: unknown) => (annotations.has(key) ? undefined : value));
}

function within({ type, path }: Place, name: string): Place {
  return { type, path: path === '' ? name : `${path}.${name}` };
}

function at({ type, path }: Place): { type: string; field: string } {
  return { type, field: path };
}
