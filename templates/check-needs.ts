import type { z } from 'zod';

import { type Field, fieldOf } from '../events/field-classes.ts';
import { eventTypes } from '../events/index.ts';
import type { CompiledTemplate, Finding, Sample } from './compiled.ts';
import type { Need } from './needs.ts';
import { orNearest } from './or-nearest.ts';

/** The schema of the payload of each event type. */
export type Schemas = Readonly<Record<string, z.ZodType>>;

const fieldsOfPerson = ['name', 'locale', 'time_zone', 'country'];
const linksOfMarketing = ['unsubscribe', 'preferences'];
const ownWords = ['subject', 'preheader'];

type Mail = Pick<CompiledTemplate, 'class' | 'events'>;

/**
 * What a template wants and its events, its person or its mail do not give, or not always. `place` says where a need stands,
 * for those who know: the lines of `html` are of what MJML has made.
 */
export function checkNeeds(
  needs: readonly Need[],
  mail: Mail,
  schemas: Schemas = eventTypes,
  place: (need: Need) => Partial<Pick<Finding, 'file' | 'line'>> = () => ({}),
): Finding[] {
  const unknown = mail.events.filter((type) => !Object.hasOwn(schemas, type));
  const types = mail.events.filter((type) => Object.hasOwn(schemas, type));
  const file = needs[0]?.file ?? '';
  return [
    ...unknown.map((type) =>
      finding(
        { file },
        'unknown-event',
        `events: there is no event "${type}"; ${orNearest(type, Object.keys(schemas))}`,
      ),
    ),
    ...needs.flatMap((need) => checkNeed(need, mail, types, schemas).map((found) => ({ ...found, ...place(need) }))),
  ];
}

/** A sample whose event none of the template's events could be shows a mail that nobody will ever get. */
export function checkSample(
  { event }: Pick<Sample, 'event'>,
  events: readonly string[],
  { file = '', schemas = eventTypes }: { file?: string; schemas?: Schemas } = {},
): Finding[] {
  const wrong: string[] = [];
  for (const type of events) {
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (!schema) continue; // told by checkNeeds
    const parsed = schema.safeParse(event);
    if (parsed.success) return [];
    const issues = parsed.error.issues.map(({ path, message }) => `${['event', ...path].join('.')}: ${message}`);
    wrong.push(`${type} (${issues.join('; ')})`);
  }
  if (wrong.length === 0) return [];
  return [finding({ file }, 'sample-event', `sample.event could not be an event ${wrong.join(', nor ')}`)];
}

function checkNeed(need: Need, mail: Mail, types: readonly string[], schemas: Schemas): Finding[] {
  if (need.bare) {
    const written = `{{#${need.path}}}`;
    return [
      finding(need, 'bare-block', `${written} means what its value makes of it: write {{#if}}, {{#each}} or {{#with}}`),
    ];
  }
  const [root = '', ...parts] = need.path.split('.');
  switch (root) {
    case 'event':
      return checkEvent(need, parts, mail.events, types, schemas);
    case 'person':
      return checkPerson(need, parts);
    case 'links':
      return checkLink(need, parts, mail);
    default: {
      const inWords = need.part === 'html' || need.part === 'text';
      if (inWords && ownWords.includes(need.path)) return [];
      const names = ['person', 'event', 'links', ...(inWords ? ownWords : [])];
      const there = `a template knows ${names.join(', ')}`;
      return [finding(need, 'unknown-name', `{{${need.path}}}: there is no such name here; ${there}`)];
    }
  }
}

function checkEvent(
  need: Need,
  parts: readonly string[],
  events: readonly string[],
  types: readonly string[],
  schemas: Schemas,
): Finding[] {
  if (events.length === 0) {
    return [
      finding(need, 'no-event', `{{${need.path}}}: the front matter names no event; add "events:" with its type`),
    ];
  }
  // What is wrong in the same way for many types is one thing to put right.
  const alike = new Map<string, Problem & { types: string[] }>();
  for (const type of types) {
    const problem = problemOf(need, parts, schemas[type] as z.ZodType);
    if (!problem) continue;
    const known = alike.get(problem.says);
    if (known) known.types.push(type);
    else alike.set(problem.says, { ...problem, types: [type] });
  }
  return [...alike.values()].map(({ rule, says, types }) =>
    finding(need, rule, `{{${asWritten(need.path)}}}: ${says.replaceAll('‹event›', types.join(', '))}`),
  );
}

interface Problem {
  rule: string;
  /** `‹event›` stands for the types. */
  says: string;
}

/** Follows the path into the payload's schema. */
function problemOf(need: Need, parts: readonly string[], schema: z.ZodType): Problem | undefined {
  let field: Field = fieldOf(schema);
  const walked: string[] = ['event'];
  const way = steps(parts);
  for (const [depth, step] of way.entries()) {
    const next = stepInto(field, step, walked.join('.'));
    if ('rule' in next) return next;
    walked.push(step);
    if (next.class === 'secret') {
      return { rule: 'secret-field', says: `${walked.join('.')} of ‹event› is secret: no mail may use it` };
    }
    // Whether the objects on the way are there is told by needs of their own.
    const last = depth === way.length - 1;
    if (last && next.optional && need.required) return mayBeMissing(need);
    field = next;
  }
  return misused(need, field);
}

/** `items[].name` -> items, [], name; `items.0.name` means one item too. */
function steps(parts: readonly string[]): string[] {
  return parts.flatMap((part) => part.split(/(?=\[\])/));
}

function stepInto(field: Field, step: string, from: string): Field | Problem {
  if (field.kind === 'list') {
    if (step === '[]') return fieldOf(field.element);
    if (/^\d+$/.test(step)) return { ...fieldOf(field.element), optional: true };
    if (step === 'length') return { kind: 'value', optional: false, class: undefined };
    return { rule: 'list-as-object', says: `${from} of ‹event› is a list: go over it with {{#each ${from}}}` };
  }
  if (step === '[]') {
    return { rule: 'not-a-list', says: `${from} of ‹event› is no list, {{#each}} shows nothing of it` };
  }
  if (field.kind === 'object' && Object.hasOwn(field.fields, step)) {
    return fieldOf(field.fields[step] as z.core.$ZodType);
  }
  const names = field.kind === 'object' ? Object.keys(field.fields) : [];
  return { rule: 'unknown-field', says: `${from} of ‹event› has no "${step}"; ${orNearest(step, names)}` };
}

function mayBeMissing({ path }: Need): Problem {
  const test = `{{#if ${inLoop(path)}}}…{{/if}}`;
  return {
    rule: 'may-be-missing',
    says: `it is optional in ‹event›, and without it there is no mail; put ${test} around`,
  };
}

/** As it is written inside the loop. */
function inLoop(path: string): string {
  const written = asWritten(path);
  return written.includes('[].') ? `this.${written.slice(written.lastIndexOf('[].') + 3)}` : written;
}

/** Handlebars wants a number in brackets. */
function asWritten(path: string): string {
  return path.replaceAll(/\.(\d+)(?=\.|$)/g, '.[$1]');
}

function misused({ list, shown, path }: Need, field: Field): Problem | undefined {
  if (list && field.kind !== 'list') {
    return { rule: 'not-a-list', says: `it is no list in ‹event›, {{#each}} shows nothing of it` };
  }
  if (!shown || field.kind === 'value') return undefined;
  if (field.kind === 'list') {
    return { rule: 'list-as-value', says: `it is a list in ‹event›: go over it with {{#each ${path}}}` };
  }
  return {
    rule: 'object-as-value',
    says: `it is an object in ‹event›, not a value; ${orNearest('', Object.keys(field.fields))}`,
  };
}

function checkPerson(need: Need, parts: readonly string[]): Finding[] {
  const [name = ''] = parts;
  if (parts.length !== 1 || !fieldsOfPerson.includes(name)) {
    return [unknownPart(need, 'person', name, fieldsOfPerson)];
  }
  if (!need.required) return [];
  const how = `{{#if ${need.path}}}…{{else}}…{{/if}}`;
  return [finding(need, 'may-be-missing', `{{${need.path}}}: not every person has one; put ${how} around it`)];
}

function checkLink(need: Need, parts: readonly string[], mail: Mail): Finding[] {
  const [name = ''] = parts;
  if (parts.length !== 1 || ![...linksOfMarketing, 'confirm'].includes(name)) {
    return [unknownPart(need, 'links', name, [...linksOfMarketing, 'confirm'])];
  }
  if (!need.required) return [];
  if (name === 'confirm') {
    if (mail.events.length > 0 && mail.events.every((type) => type === 'consent.requested')) return [];
    return [finding(need, 'no-such-link', '{{links.confirm}}: only mail of the event consent.requested has it')];
  }
  if (mail.class === 'marketing') return [];
  return [
    finding(need, 'no-such-link', `{{${need.path}}}: transactional mail has no such link; put {{#if}} of it around`),
  ];
}

function unknownPart(need: Need, of: string, name: string, known: readonly string[]): Finding {
  return finding(need, 'unknown-name', `{{${need.path}}}: ${of} has no "${name}"; ${orNearest(name, known)}`);
}

function finding({ file = '', part }: Partial<Need>, rule: string, message: string): Finding {
  const where = part === 'subject' || part === 'preheader' ? ` (in the ${part})` : '';
  return { rule, level: 'error', message: `${message}${where}`, file };
}
