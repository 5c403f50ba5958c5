import type { CompiledTemplate } from './compiled.ts';
import { type Need, needsOf } from './needs.ts';

/** One field of an event, as the templates use it. */
interface Wanted {
  required: boolean;
  list: boolean;
  shown: boolean;
  /** What is used of it. */
  fields: Map<string, Wanted>;
  /** What is used of each of its items, if it is a list. */
  item?: Wanted;
}

const header = `// Written by \`rivulet templates types\` from what the templates use: do not change it by hand.

`;

const aliases = {
  Given: '/** Something that a mail can show. */\nexport type Given = string | number | boolean;\n',
  Maybe: 'export type Maybe<T> = T | undefined;\n',
  List: 'export type List<T> = readonly T[];\n',
  MaybeList: 'export type MaybeList<T> = List<T> | undefined;\n',
};

/**
 * The source of templates/variables.ts: what each template needs of its event, all languages together. A payload with more
 * fits too.
 */
export function variablesSource(templates: readonly Pick<CompiledTemplate, 'name' | 'variants'>[]): string {
  const needs = templates.map(({ name, variants }) => {
    const wanted = newWanted();
    for (const variant of Object.values(variants)) for (const need of needsOf(variant)) add(wanted, need);
    const { fields } = wanted;
    return `  ${needsKey(name)}: ${fields.size === 0 ? 'object' : objectOf(fields, '  ')};\n`;
  });
  const body = `/** By name of the template: what the payload of its event has to hold. */
export interface TemplateNeeds {
${needs.join('')}}
`;
  const isUsed = (alias: string) => new RegExp(`(?:: |<)${alias}\\b`).test(body);
  const used = new Set(Object.keys(aliases).filter(isUsed));
  if (used.has('MaybeList')) used.add('List');
  const types = Object.entries(aliases).map(([alias, source]) => (used.has(alias) ? `${source}\n` : ''));
  return header + types.join('') + body;
}

function newWanted(): Wanted {
  return { required: false, list: false, shown: false, fields: new Map() };
}

/** `event.items[].price` goes below the items of `items`, which is a list. */
function add(event: Wanted, need: Need): void {
  const [root, ...parts] = need.path.split(/\.|(?=\[\])/);
  if (root !== 'event') return;
  let at = event;
  for (const part of parts) {
    // One item of a list, by its number, and how many there are: the list's own type says it.
    if (/^\d+$/.test(part) || part === 'length') return;
    at = part === '[]' ? itemOf(at) : fieldOf(at, part);
  }
  at.required ||= need.required;
  at.list ||= need.list;
  at.shown ||= need.shown && !need.list;
}

function fieldOf(wanted: Wanted, name: string): Wanted {
  const field = wanted.fields.get(name) ?? newWanted();
  wanted.fields.set(name, field);
  return field;
}

/** An item is there, or its loop is not run. */
function itemOf(wanted: Wanted): Wanted {
  wanted.list = true;
  return (wanted.item ??= { ...newWanted(), required: true });
}

function objectOf(fields: Map<string, Wanted>, indent: string): string {
  const inner = `${indent}  `;
  const sorted = [...fields].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const lines = sorted.map(([name, field]) => {
    return `${inner}${needsKey(name)}${field.required ? '' : '?'}: ${typeOf(field, inner)};\n`;
  });
  // Else the compiler would refuse a payload that has none of the optional fields.
  const open = sorted.some(([, { required }]) => required) ? '' : `${inner}[more: string]: unknown;\n`;
  return `{\n${open}${lines.join('')}${indent}}`;
}

function typeOf({ required, list, shown, fields, item }: Wanted, indent: string): string {
  if (list) return `${required ? '' : 'Maybe'}List<${item ? typeOf(item, indent) : 'unknown'}>`;
  if (fields.size === 0 && !shown) return 'unknown';
  // `{{#if this}}` or `{{#with this}}` around the fields of an item says nothing about them.
  const type = fields.size > 0 ? objectOf(fields, indent) : 'Given';
  return required ? type : `Maybe<${type}>`;
}

/** How a name stands as the key of a type. */
export function needsKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
}
