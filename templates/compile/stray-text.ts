import { Parser } from 'htmlparser2';

import { linesOf } from '../lines.ts';
import { blockPart, mustacheAt, withoutComments } from '../mustaches.ts';

/** Elements of MJML that hold other elements: MJML drops every text that stands right in them. */
const containers = new Set([
  'mjml',
  'mj-head',
  'mj-attributes',
  'mj-body',
  'mj-wrapper',
  'mj-section',
  'mj-group',
  'mj-column',
  'mj-hero',
  'mj-social',
  'mj-navbar',
]);

/** Those that hold nothing. */
const empty = new Set(['mj-image', 'mj-divider', 'mj-spacer', 'mj-all', 'mj-class', 'mj-font', 'mj-breakpoint']);

/**
 * Text between the elements of MJML, which would be lost without a word: a condition there would send both of its branches. One
 * `{ line, message }` for each; the first line is 1.
 */
export function strayText(mjml: string): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = [];
  const open: string[] = [];
  const lineAt = linesOf(mjml);
  const parser = new Parser(
    {
      onopentagname: (name) => void open.push(name),
      onclosetag: (name) => void open.splice(open.lastIndexOf(name), open.length),
      ontext(text) {
        const parent = open.at(-1);
        if (parent === undefined || !(containers.has(parent) || empty.has(parent))) return;
        const first = lineAt(parser.startIndex);
        for (const [index, words] of withoutComments(text).split('\n').entries()) {
          if (words.trim() !== '') found.push({ line: first + index, message: lost(words.trim(), parent) });
        }
      },
    },
    { recognizeSelfClosing: true, lowerCaseTags: true, decodeEntities: false },
  );
  parser.end(mjml);
  return found;
}

function lost(words: string, parent: string): string {
  const first = words.startsWith('{{') ? words.slice(0, mustacheAt(words, 0).end) : words.slice(0, 40);
  const isEmpty = empty.has(parent);
  const where = `${first.trim()} stands ${isEmpty ? 'in' : 'between the elements of'} ${parent}, where MJML drops it`;
  return blockPart(words) !== undefined && !isEmpty
    ? `${where}: write <mj-raw>${first}</mj-raw>`
    : `${where}: put it into an mj-text`;
}
