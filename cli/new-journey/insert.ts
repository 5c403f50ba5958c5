import { WrongUse } from '../wrong-use.ts';
import type { NewJourney } from './check-wish.ts';
import { needsKey } from '../../templates/write-types.ts';
import { lineOr } from './line-or.ts';
import { camelCase, kebabCase } from './names.ts';

/** events/index.ts with the schema of one more type. */
export function nameEvent(text: string, type: string): string {
  const [schema, file] = [camelCase(type), 'events/index.ts'];
  if (new RegExp(`\\b${schema}\\b`).test(text)) {
    throw new WrongUse(`${file} knows a ${schema} already, and ${type} would be called so too. Take another type.`);
  }
  const imported = sorted(text, file, /^import \{[^}]*\} from '(\.\/[^']+)';$/gm, `./${kebabCase(type)}.ts`, (path) => {
    return `import { ${schema} } from '${path}';`;
  });
  return atEndOf(imported, file, 'export const eventTypes = {', '\n} as const;', `  '${type}': ${schema},`);
}

/** workflows/index.ts with one more journey, among the others by name. */
export function nameJourney(text: string, name: string, exported: string): string {
  const file = 'workflows/index.ts';
  const taken = new RegExp(`^export \\{ (${exported}\\b|\\w+ as '${name}')`, 'm').test(text);
  if (taken) throw new WrongUse(`The name ${name} is taken: ${file} exports it. Take another one.`);
  const as = exported === name ? name : `${exported} as '${name}'`;
  return sorted(text, file, /^export \{ (?:\w+ as ')?([\w-]+)'? \} from/gm, name, () => {
    return `export { ${as} } from './journeys/${name}.ts';`;
  });
}

/** ingress/routes.ts with one more route. */
export function nameRoute(text: string, { name, on, topic, listensFor }: NewJourney): string {
  const fields = [
    `starts: '${name}'`,
    topic === undefined ? 'transactional: true' : `topic: '${topic}'`,
    ...(listensFor === undefined ? [] : [`listensFor: ['${listensFor}']`]),
  ];
  const route = lineOr(`  '${on}': { ${fields.join(', ')} },`, [
    `  '${on}': {`,
    ...fields.map((field) => `    ${field},`),
    '  },',
  ]);
  return atEndOf(
    text,
    'ingress/routes.ts',
    'export const routes: Partial<Record<EventType, Route>> = {',
    '\n};',
    route,
  );
}

/** templates/names.ts with one more name. */
export function nameTemplate(text: string, name: string): string {
  return atEndOf(text, 'templates/names.ts', 'export const templateNames = [', '\n] as const;', `  '${name}',`);
}

/** templates/variables.ts with one more template, which takes nothing from its event yet. */
export function nameNeeds(text: string, name: string): string {
  const needs = `  ${needsKey(name)}: object;`;
  return atEndOf(text, 'templates/variables.ts', 'export interface TemplateNeeds {', '\n}', needs);
}

/** Puts a line before the first of its kind whose key comes later in the alphabet, else after the last one. */
function sorted(text: string, file: string, kind: RegExp, key: string, line: (key: string) => string): string {
  const found = [...text.matchAll(kind)];
  const last = found.at(-1);
  if (!last) throw notAsExpected(file, `a line such as \`${line(key)}\``);
  const next = found.find(([, other = '']) => other > key);
  const at = next ? next.index : text.indexOf('\n', last.index) + 1;
  return `${text.slice(0, at)}${line(key)}\n${text.slice(at)}`;
}

function atEndOf(text: string, file: string, opening: string, closing: string, line: string): string {
  const from = text.indexOf(opening);
  const to = text.indexOf(closing, from);
  if (from < 0 || to < 0)
    throw notAsExpected(file, `\`${opening}\`, closed by \`${closing.trim()}\` on a line of its own`);
  return `${text.slice(0, to)}\n${line}${text.slice(to)}`;
}

function notAsExpected(file: string, missing: string): WrongUse {
  return new WrongUse(`${file} has no ${missing}: there is no place to add the journey. Nothing was written.`);
}
