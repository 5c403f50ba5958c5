import { linesOf } from '../lines.ts';
import { blockPart } from '../mustaches.ts';
import { markupOf, type Tag } from './markup.ts';

/** Elements of MJML whose content it writes as it is: an element of MJML in them would reach the reader as it is written. */
const written = new Set(
  'mj-text mj-button mj-table mj-raw mj-navbar-link mj-social-element mj-title mj-preview mj-style'.split(' '),
);

/** Elements that are in the layout, and in what. */
const ofLayout: ReadonlyMap<string, string | undefined> = new Map([
  ['mjml', undefined],
  ['mj-head', 'mjml'],
  ['mj-body', 'mjml'],
]);

/**
 * Elements of MJML where it does not read them, and blocks of Handlebars that would leave half of an element: they end in other
 * elements than they begin in. One `{ line, message }` for each; the first line is 1.
 */
export function brokenStructure(mjml: string): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = [];
  const lineAt = linesOf(mjml);
  const tell = (at: number, message: string) => found.push({ line: lineAt(at), message });
  const open: string[] = [];
  const blocks: { mustache: string; within: string; depth: number }[] = [];
  for (const markup of markupOf(mjml)) {
    if (markup.is === 'tag' && /^mj(?:ml$|-)/.test(markup.name)) {
      const message = markup.closing ? undefined : misplaced(markup, open);
      if (message !== undefined) tell(markup.start, message);
      track(markup, open);
    }
    if (markup.is !== 'value' || markup.value.kind !== 'value') continue;
    const mustache = mjml.slice(markup.start, markup.value.end);
    const part = blockPart(mustache);
    const within = open.findLast((name) => !written.has(name)) ?? 'the file';
    if (part === 'opens') blocks.push({ mustache, within, depth: open.length });
    const block = part === 'closes' ? blocks.pop() : part === 'between' ? blocks.at(-1) : undefined;
    if (block && block.depth !== open.length) {
      tell(
        markup.start,
        `${mustache} stands in ${within}, and its ${block.mustache} in ${block.within}: put both between the same elements`,
      );
    }
  }
  return found;
}

function track({ name, closing, selfClosing }: Tag, open: string[]): void {
  if (!closing && !selfClosing) open.push(name);
  const at = closing ? open.lastIndexOf(name) : -1;
  if (at >= 0) open.length = at;
}

function misplaced({ name }: Tag, open: readonly string[]): string | undefined {
  const parent = open.at(-1);
  if (parent !== undefined && written.has(parent)) {
    return `<${name}> stands in ${parent}, where MJML does not read it: put it behind </${parent}>`;
  }
  if (!ofLayout.has(name) || ofLayout.get(name) === parent) return undefined;
  return `<${name}> stands in ${parent ?? 'nothing'}: a layout has one <mjml>, and in it <mj-head> and <mj-body>`;
}
