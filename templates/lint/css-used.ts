import { parseDocument } from 'htmlparser2';

import type { CompiledTemplate } from '../compiled.ts';
import { linesOf } from '../lines.ts';
import { replaceMustaches } from '../mustaches.ts';
import { type Document, type Element, isElement, isText } from './document.ts';

/** Something of HTML or CSS that the author of a source wrote. */
export type Used =
  | { is: 'element'; name: string; attributes: Readonly<Record<string, string>> }
  | { is: 'attribute'; name: string; value: string }
  | { is: 'declaration'; property: string; value: string }
  | { is: 'selector'; text: string }
  | { is: 'at-rule'; name: string };

export interface UsedAt {
  used: Used;
  line: number;
}

/**
 * What a file in MJML has of HTML and CSS. The elements of MJML itself and their attributes are left out: what they become is
 * MJML's care.
 */
export function usedIn(source: string): UsedAt[] {
  const found: UsedAt[] = [];
  const text = withoutHandlebars(source);
  const lineAt = linesOf(text);
  const tell = (used: Used, at: number) => void found.push({ used, line: lineAt(at) });
  const read = (node: Document | Element): void => {
    for (const child of node.children) {
      if (!isElement(child)) continue;
      const at = child.startIndex ?? 0;
      if (child.name === 'mj-style' || child.name === 'style') readStylesheetOf(child, tell);
      else if (!child.name.startsWith('mj')) readElement(child, (used) => tell(used, at));
      read(child);
    }
  };
  read(parseDocument(text, { withStartIndices: true, recognizeSelfClosing: true }));
  return found;
}

/** Front matter, and values that are not known yet, as blanks: lines stay where they are. */
function withoutHandlebars(source: string): string {
  const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ');
  return replaceMustaches(source.replace(/^---\n.*?\n---/s, blank), (_, text) => blank(text));
}

function readElement({ name, attribs }: Element, tell: (used: Used) => void): void {
  tell({ is: 'element', name, attributes: attribs });
  for (const [attribute, value] of Object.entries(attribs)) {
    tell({ is: 'attribute', name: attribute, value });
    if (attribute === 'style') for (const piece of value.split(';')) tellDeclaration(piece, tell);
  }
}

function readStylesheetOf(style: Element, tell: (used: Used, at: number) => void): void {
  for (const text of style.children) {
    if (!isText(text)) continue;
    const start = text.startIndex ?? 0;
    readStylesheet(text.data, (used, at) => tell(used, start + at));
  }
}

/**
 * Nothing is told of what stands inside `@media` and `@supports`: mail programs that do not know them skip it, and that is
 * what they are for.
 */
function readStylesheet(css: string, tell: (used: Used, at: number) => void): void {
  const text = withoutCssComments(css);
  const open: boolean[] = [];
  for (const { 1: words = '', 2: end = '', index } of text.matchAll(/([^{};]*)([{};]|$)/g)) {
    const at = index + words.search(/\S|$/);
    const piece = words.trim();
    if (open.at(-1) !== true) {
      const [, rule] = /^@([a-z-]+)/.exec(piece) ?? [];
      if (rule !== undefined) tell({ is: 'at-rule', name: rule }, at);
      else if (end === '{' && piece !== '') tell({ is: 'selector', text: piece }, at);
      else if (end !== '{') tellDeclaration(piece, (used) => tell(used, at));
    }
    if (end === '{') open.push(open.at(-1) === true || /^@(?:media|supports)\b/.test(piece));
    if (end === '}') open.pop();
  }
}

function tellDeclaration(text: string, tell: (used: Used) => void): void {
  const colon = text.indexOf(':');
  const [property, value] = [text.slice(0, Math.max(colon, 0)).trim(), text.slice(colon + 1).trim()];
  if (/^[\w-]+$/.test(property) && value !== '') tell({ is: 'declaration', property: property.toLowerCase(), value });
}

/** Comments as blanks: lines stay where they are. */
function withoutCssComments(css: string): string {
  let text = '';
  let from = 0;
  for (let at = css.indexOf('/*'); at >= 0; at = css.indexOf('/*', from)) {
    const end = css.indexOf('*/', at + 2);
    const behind = end < 0 ? css.length : end + 2;
    text += css.slice(from, at) + css.slice(at, behind).replaceAll(/[^\n]/g, ' ');
    from = behind;
  }
  return text + css.slice(from);
}

/** The mail's own files first, the default language before the others. */
export function sourcesOf({ name, sources }: CompiledTemplate): { file: string; text: string }[] {
  const rank = (file: string) => (file === `${name}/mail.mjml` ? 0 : file.startsWith(`${name}/`) ? 1 : 2);
  return Object.entries(sources)
    .filter(([file]) => file.endsWith('.mjml'))
    .map(([file, text]) => ({ file, text }))
    .toSorted((one, other) => rank(one.file) - rank(other.file));
}
