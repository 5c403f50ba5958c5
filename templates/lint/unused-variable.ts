import { fieldOf } from '../../events/field-classes.ts';
import { eventTypes } from '../../events/index.ts';
import type { CompiledTemplate } from '../compiled.ts';
import { needsOf } from '../needs.ts';
import { eventFields, isWithin } from './languages.ts';
import type { TemplateRule } from './rule.ts';

type Schema = Parameters<typeof fieldOf>[0];

export const unusedVariable: TemplateRule = {
  name: 'unused-variable',
  level: 'warning',
  what: 'Every field of the sample’s event, and the name of its person, is used by some language, or required by an event of the template.',
  why: 'A sample is read as the list of what a mail shows. Mostly the field is misspelt in the words, or was forgotten there.',
  source: 'A rule of this project',
  checkTemplate(template) {
    const schemas = template.events.flatMap((type) =>
      Object.hasOwn(eventTypes, type) ? [eventTypes[type as keyof typeof eventTypes] as Schema] : [],
    );
    const variants = Object.values(template.variants);
    const used = new Set(variants.flatMap((variant) => [...eventFields(variant)]));
    const names = variants.some((variant) => needsOf(variant).some(({ path }) => path === 'person.name'));
    const told = new Map<string, string>();
    for (const { sample, file } of inOrder(template)) {
      if (sample.person.name !== undefined && !names && !told.has('person.name')) told.set('person.name', file);
      for (const path of unused(sample.event, used, schemas)) if (!told.has(path)) told.set(path, file);
    }
    return [...told].map(([path, file]) => ({
      file,
      message: `sample.${path} is used in no language: take it out, or show it`,
    }));
  },
};

/** The default first: its sample is also that of the languages without one of their own. */
function inOrder({ variants, defaultLocale }: CompiledTemplate) {
  return Object.entries(variants)
    .toSorted(([one], [other]) => Number(other === defaultLocale) - Number(one === defaultLocale))
    .map(([, variant]) => variant);
}

function unused(event: Record<string, unknown>, used: ReadonlySet<string>, schemas: readonly Schema[]): string[] {
  const isUsedBelow = (path: string) => [...used].some((other) => isWithin(other, path));
  const isUsed = (path: string) => used.has(path) || isUsedBelow(path);
  return Object.entries(event).flatMap(([name, value]) => {
    const path = `event.${name}`;
    const known = schemas.map((schema) => below(schema, name));
    if (!isUsed(path)) return known.some((field) => field?.required) ? [] : [path];
    if (!isUsedBelow(path)) return []; // who takes the whole of it takes all its parts
    return fieldsWithin(value)
      .filter((part) => !isUsed(`${path}${part}`) && !known.some((field) => requiresPart(field?.schema, part)))
      .map((part) => `${path}${part}`);
  });
}

/** `.street` of an object, `[].name` of a list's items. */
function fieldsWithin(value: unknown): string[] {
  if (Array.isArray(value)) {
    const items = value.filter((item): item is object => typeof item === 'object' && item !== null);
    return [...new Set(items.flatMap((item) => Object.keys(item)))].map((name) => `[].${name}`);
  }
  return typeof value === 'object' && value !== null ? Object.keys(value).map((name) => `.${name}`) : [];
}

function below(schema: Schema, name: string): { schema: Schema; required: boolean } | undefined {
  const field = fieldOf(schema);
  if (field.kind !== 'object' || !Object.hasOwn(field.fields, name)) return undefined;
  const inner = field.fields[name] as Schema;
  return { schema: inner, required: !fieldOf(inner).optional };
}

function requiresPart(schema: Schema | undefined, part: string): boolean {
  if (!schema) return false;
  const field = fieldOf(schema);
  const around = part.startsWith('[]') ? field.kind === 'list' && field.element : schema;
  return around !== false && below(around, part.replace(/^(?:\[\])?\./, ''))?.required === true;
}
