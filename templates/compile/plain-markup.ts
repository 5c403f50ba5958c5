import { blockPart, type Mustache, mustachesIn } from '../mustaches.ts';
import { linesOf } from '../lines.ts';
import { type Comment, type Markup, markupOf, type Tag } from './markup.ts';

type Problem = { line: number; message: string };

/** Elements in elements. Everything that walks through HTML calls itself for each of them. */
const deepest = 100;
/** MJML compares those of an element with each other. */
const mostAttributes = 100;
/** MJML looks for each rule of them in the whole email. */
const mostInlineRules = 200;

/**
 * What MJML, browsers and mail programs do not all read in the same way: it could be harmless to the checks here and something else
 * in an inbox. One `{ line, message }` for each; the first line is 1.
 */
export function ambiguousMarkup(source: string): Problem[] {
  const found: Problem[] = [];
  const lineAt = linesOf(source);
  const tell = (at: number, message: string) => found.push({ line: lineAt(at), message });
  const open = new Nesting();
  const blocks = new Blocks();
  for (const markup of markupOf(source)) {
    const message = messageOf(markup, source) ?? blocks.torn(markup, source);
    if (message !== undefined) tell(markup.is === 'tag' && markup.wrong ? markup.wrong.at : markup.start, message);
    if (markup.is === 'tag' && open.deeperThan(deepest, markup)) {
      tell(markup.start, `<${markup.name}> is in more than ${deepest} elements: close those that have ended`);
      return found;
    }
  }
  return found;
}

function messageOf(markup: Markup, source: string): string | undefined {
  switch (markup.is) {
    case 'tag':
      return wrongTag(markup, source);
    case 'comment':
      return wrongComment(markup);
    case 'bogus':
      return wrongBeginning(source.slice(markup.start, markup.start + 12));
    case 'sheet':
      if (markup.markup >= 0)
        return 'a style sheet with a < in it: some read an element or a comment there; write \\3c in strings';
      return markup.inline && markup.rules > mostInlineRules
        ? `<mj-style inline> has more than ${mostInlineRules} rules: put some into an mj-style without inline`
        : undefined;
    case 'value':
      return undefined;
    default:
      return markup satisfies never;
  }
}

/** Elements whose content is text to some and markup to others, or whose place a parser changes; and what to write. */
const ambiguous: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['noscript', 'noembed', 'noframes', 'template', 'svg', 'math'].map((name) => [name, 'leave it out']),
  ),
  ...Object.fromEntries(['xmp', 'plaintext', 'listing', 'textarea'].map((name) => [name, 'write <pre>'])),
  title: 'write <mj-title> in the layout',
  'mj-carousel': 'write <mj-image>',
  'mj-accordion': 'write <mj-text>',
  image: 'write <img>',
  ...Object.fromEntries(['html', 'head', 'body'].map((name) => [name, 'MJML writes it, leave it out'])),
};

const empty = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

function wrongTag(
  { name, closing, selfClosing, attributes, wrong, forOutlook }: Tag,
  source: string,
): string | undefined {
  const tag = `<${closing ? '/' : ''}${name}>`;
  if (Object.hasOwn(ambiguous, name)) return `<${name}>: mail programs read it in different ways: ${ambiguous[name]}`;
  if (wrong?.what === 'unended') return `${tag} has no end before the next one: close its quotes, and write >`;
  if (wrong) {
    return `${source.slice(wrong.at, wrong.at + 20).split(/[\s>]/)[0]} in ${tag}: write its attributes as name="value"`;
  }
  if (closing && empty.has(name)) return `${tag}: some read it as another <${name}>: leave it out`;
  if (selfClosing && !closing && !empty.has(name) && !name.startsWith('mj-') && !(forOutlook && name.includes(':'))) {
    return `<${name} />: mail programs do not end it there: write <${name}></${name}>`;
  }
  if (attributes.length > mostAttributes) return `${tag} has more than ${mostAttributes} attributes`;
  const names = new Set<string>();
  const twice = attributes.find((attribute) => names.size === names.add(attribute.name).size)?.name;
  return twice === undefined ? undefined : `${tag} has ${twice} twice: some read the first, others the last`;
}

function wrongComment({ text, forOutlook }: Comment): string | undefined {
  if (!text.endsWith('-->') || text.length < 7)
    return `${firstLine(text)} begins a comment without an end: write <!-- … -->`;
  const inside = text.slice(4, -3);
  if (/^-?>/.test(inside) || inside.includes('--!>')) return 'a comment ends for some before its -->: write <!-- … -->';
  if (text.slice(4, -5).includes('<!--')) return 'a comment inside of a comment: take one of the two out';
  if (forOutlook && !/(?:<!\[endif\]|\]><!)$/.test(inside)) {
    return 'a comment that Outlook reads ends with <![endif]-->, or begins with <!--[if !mso]><!-->';
  }
  return !forOutlook && /^\s*\[if\b/i.test(inside) ? 'Outlook reads <!--[if mso]> … <![endif]--> only' : undefined;
}

function wrongBeginning(text: string): string {
  if (/^<!\[CDATA\[/i.test(text))
    return '<![CDATA[ is text to some and nothing to others: write the text, with &lt; for <';
  if (/^<!doctype/i.test(text)) return '<!DOCTYPE>: MJML writes it; leave it out';
  if (text.startsWith('<![')) return `${text.split(/[\s\]>]/)[0]}…]>: write <!--[if !mso]><!--> … <!--<![endif]-->`;
  if (text.startsWith('<!')) return `${text.slice(0, 3)}…: a comment is <!-- … -->`;
  if (text.startsWith('<?'))
    return `${text.split(/[\s?]/, 2).join('?')}…: an email has no processing instructions; leave it out`;
  if (text.startsWith('<{{') || text.startsWith('</{{'))
    return 'data does not name an element: write its name behind <';
  return `${text.slice(0, text.startsWith('</') ? 3 : 2)} begins no element: write &lt; for a < that is shown`;
}

/**
 * Blocks that begin in one value, comment or text and end in another: of what is between, a condition would leave a quote or a
 * comment open, and data would stand where it may not.
 */
class Blocks {
  #comments: number[] = [];

  torn(markup: Markup, source: string): string | undefined {
    if (markup.is === 'tag') {
      const torn = markup.attributes.find(({ values }) => !isWhole(values, source));
      return torn && `${torn.name}="…" in <${markup.name}>: a block begins and ends between the same quotes`;
    }
    if (markup.is === 'comment' && !markup.forOutlook && !isWhole([...mustachesIn(markup.text)], markup.text)) {
      return 'a comment with a part of a block in it: a block begins and ends in the same comment';
    }
    if (markup.is !== 'value') return undefined;
    const part = partOf(markup.value, source);
    const comment = part === 'opens' ? markup.comment : (this.#comments.at(-1) ?? markup.comment);
    if (part === 'opens') this.#comments.push(comment);
    if (part === 'closes') this.#comments.pop();
    if (part === undefined || comment === markup.comment) return undefined;
    return `${source.slice(markup.start, markup.value.end)}: its block begins in another comment for Outlook, or in none`;
  }
}

/** Whether each block in it begins and ends in it. */
function isWhole(values: readonly Mustache[], source: string): boolean {
  let open = 0;
  for (const value of values) {
    const part = partOf(value, source);
    if (part !== 'opens' && part !== undefined && open === 0) return false;
    open += part === 'opens' ? 1 : part === 'closes' ? -1 : 0;
  }
  return open === 0;
}

function partOf({ kind, start, end }: Mustache, source: string) {
  return kind === 'value' ? blockPart(source.slice(start, end)) : undefined;
}

/** Enough of it to be found. */
function firstLine(text: string): string {
  return text.slice(0, 40).split('\n', 1).join('').trim();
}

/** Elements that need no end of their own, by what ends them. */
const ends: ReadonlyMap<string, readonly string[]> = new Map([
  ['p', ['p']],
  ['li', ['li']],
  ['td', ['td', 'th']],
  ['th', ['td', 'th']],
  ['tr', ['td', 'th', 'tr']],
  ['dt', ['dt', 'dd']],
  ['dd', ['dt', 'dd']],
]);

/** How many elements are open. What stands for Outlook alone is counted by itself. */
class Nesting {
  #open: string[] = [];
  #forOutlook: string[] = [];

  deeperThan(limit: number, { name, closing, selfClosing, forOutlook }: Tag): boolean {
    if (!forOutlook) this.#forOutlook = [];
    const open = forOutlook ? this.#forOutlook : this.#open;
    if (closing) {
      const at = open.lastIndexOf(name);
      if (at >= 0) open.length = at;
    } else if (!selfClosing && !empty.has(name)) {
      while (ends.get(name)?.includes(open.at(-1) ?? '') === true) open.pop();
      open.push(name);
    }
    return open.length > limit;
  }
}
