import type { z } from 'zod';

import { fieldOf } from './field-classes.ts';

/** A field that came and could not be used. Quotes no value. */
export interface Dropped {
  /** Such as `payload.contact.locale`. */
  field: string;
  /** What would be right. */
  problem: string;
  /** The known field that an unknown one was probably meant to be. */
  meant?: string;
}

/** A schema of an object, as those of payloads and of the blocks in them. */
export type ObjectSchema = z.ZodType<Record<string, unknown>>;

export type Read<Schema extends ObjectSchema> =
  | { ok: true; value: z.output<Schema>; dropped: Dropped[] }
  | { ok: false; error: z.ZodError };

type Json = Record<string, unknown>;
type Path = readonly (string | number)[];

/** Each pass mends or drops one level of what is nested; no schema is that deep. */
const passes = 20;

/**
 * Reads an object by its schema the way its sender meant it. What is only written in another type is converted: a number as text, an
 * id as a number, white space around a text, PHP's `[]` for an empty object. An optional field that still cannot be used is left
 * out and named, and so is a value in a list of values; a list of objects is used whole or not at all. What is required stays strict.
 */
export function readForgiving<Schema extends ObjectSchema>(schema: Schema, came: Json, root: string): Read<Schema> {
  const asItCame = schema.safeParse(came);
  if (asItCame.success) return { ok: true, value: asItCame.data, dropped: [] };
  const value = structuredClone(came);
  const dropped: Dropped[] = [];
  const converted = new Set<string>();
  for (let pass = 0; ; pass++) {
    const result = schema.safeParse(value);
    if (result.success) return { ok: true, value: result.data, dropped };
    const unusable = new Map<string, { path: Path; problem: string }>();
    let changed = false;
    for (const issue of result.error.issues) {
      const path = issue.path as Path;
      if (!converted.has(path.join('.')) && convert(value, path, issue)) {
        converted.add(path.join('.'));
        changed = true;
        continue;
      }
      const optional = innermostOptional(schema, path);
      if (optional === undefined) continue;
      unusable.set(optional.join('.'), { path: optional, problem: issue.message });
    }
    if (!changed && unusable.size === 0) return { ok: false, error: result.error };
    if (pass === passes) return { ok: false, error: result.error };
    // From the end of a list to its beginning: what stays keeps its place until all are gone.
    for (const { path, problem } of [...unusable.values()].toReversed()) {
      remove(value, path);
      dropped.push({ field: [root, ...path].join('.'), problem });
    }
  }
}

/** Writes the same in the type that is expected. False where that says something else. */
function convert(root: Json, path: Path, issue: z.core.$ZodIssue): boolean {
  const parent = at(root, path.slice(0, -1));
  const name = path.at(-1);
  if (name === undefined || !(isObject(parent) || Array.isArray(parent))) return false;
  const as = converted((parent as Json)[name], issue);
  if (as === undefined) return false;
  (parent as Json)[name] = as;
  return true;
}

function converted(value: unknown, issue: z.core.$ZodIssue): unknown {
  const expected = issue.code === 'invalid_type' ? issue.expected : undefined;
  if (typeof value === 'string') {
    const text = value.trim();
    if (expected === 'number' || expected === 'int') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    if (expected === 'boolean') return { true: true, false: false }[text.toLowerCase()];
    return expected === undefined && text !== value ? text : undefined;
  }
  if (typeof value === 'number') return expected === 'string' && Number.isFinite(value) ? String(value) : undefined;
  if (expected === 'object' && Array.isArray(value) && value.length === 0) return {};
  return expected === 'array' && isObject(value) && Object.keys(value).length === 0 ? [] : undefined;
}

/** The innermost field on this path that may be absent, or value in a list of values. Undefined when all of it is required. */
function innermostOptional(schema: z.core.$ZodType, path: Path): Path | undefined {
  let found: Path | undefined;
  let here: z.core.$ZodType | undefined = schema;
  for (const [depth, step] of path.entries()) {
    const field = fieldOf(here);
    if (field.kind === 'object') {
      here = field.fields[step];
      if (here === undefined) return found;
      if (mayBeAbsent(here)) found = path.slice(0, depth + 1);
    } else if (field.kind === 'list') {
      here = field.element;
      if (fieldOf(here).kind === 'value') found = path.slice(0, depth + 1);
    } else return found;
  }
  return found;
}

function mayBeAbsent(schema: z.core.$ZodType): boolean {
  return (schema as z.ZodType).safeParse(undefined).success;
}

function remove(root: Json, path: Path): void {
  const parent = at(root, path.slice(0, -1));
  const name = path.at(-1)!;
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (isObject(parent)) delete parent[name];
  else remove(root, path.slice(0, -1)); // a text that the schema reads as a list
}

function at(root: Json, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Json | undefined)?.[step], root);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
