import { type Mustache, mustacheAt, mustachesIn } from '../mustaches.ts';

/** A piece of MJML or HTML that is more than text. What it is not written well enough for is in `wrong`. */
export type Markup = Tag | Comment | Sheet | Bogus | Value;

export interface Tag {
  is: 'tag';
  start: number;
  /** In small letters. */
  name: string;
  closing: boolean;
  selfClosing: boolean;
  attributes: Attribute[];
  /** Outside of quotes. */
  loose: Mustache[];
  wrong?: { at: number; what: 'unended' | 'attribute' };
  /** Inside of a comment that Outlook on Windows reads. */
  forOutlook: boolean;
}

export interface Attribute {
  /** In small letters. */
  name: string;
  start: number;
  /** Undefined: it has no quotes. */
  quote: '"' | "'" | undefined;
  /** Behind the quote. */
  valueStart: number;
  values: Mustache[];
}

/** `forOutlook`: Outlook on Windows reads what is in it, and that follows. */
export interface Comment {
  is: 'comment';
  start: number;
  text: string;
  forOutlook: boolean;
}

/** What stands in a style sheet. */
export interface Sheet {
  is: 'sheet';
  start: number;
  values: Mustache[];
  /** MJML writes its rules into the elements. */
  inline: boolean;
  rules: number;
  /** The first `<` in it, -1 without one. */
  markup: number;
}

/** A `{{...}}` in text. */
export interface Value {
  is: 'value';
  start: number;
  value: Mustache;
  /** Where the comment for Outlook begins that it stands in, -1 outside of one. */
  comment: number;
}

/** `<!`, `<?`, `</` or `<` before anything that begins no element and no comment. */
export interface Bogus {
  is: 'bogus';
  start: number;
}

const outlook = /<!--\s*\[if\b[^\]>]*\]>/iy;
const outlookEnd = '<![endif]-->';
const name = /<\/?[a-z][\w:.-]*(?=[ \t\n/>{<]|$)/iy;
const attributeName = /[a-z_:][\w:.-]*/iy;
const equals = /[ \t\n]*=[ \t\n]*/y;
const bare = /[^ \t\n"'`=<>{]*(?=[ \t\n>]|\{\{|$)/y;

/** The markup of a source, in order and in one pass. Blocks of Handlebars are read over: both halves of a condition are there. */
export function* markupOf(source: string): Generator<Markup> {
  const next = /<|\{\{/g;
  let [outlookFrom, outlookUntil] = [-1, 0];
  for (let found = next.exec(source); found; found = next.exec(source)) {
    const at = found.index;
    let end = at + 1;
    if (found[0] === '{{') {
      const value = mustacheAt(source, at);
      yield { is: 'value', start: at, value, comment: at < outlookUntil ? outlookFrom : -1 };
      end = value.end;
    } else if (at < outlookUntil && source.startsWith(outlookEnd, at)) end = at + outlookEnd.length;
    else if (at < outlookUntil && source.startsWith('<!--', at)) end = at + 4; // its end is that of the comment around
    else if (source.startsWith('<!--', at)) {
      const close = source.indexOf('-->', at + 4);
      const until = close < 0 ? source.length : close + 3;
      outlook.lastIndex = at;
      const forOutlook = outlook.test(source) && outlook.lastIndex <= until;
      yield { is: 'comment', start: at, text: source.slice(at, until), forOutlook };
      end = forOutlook ? outlook.lastIndex : until;
      if (forOutlook) [outlookFrom, outlookUntil] = [at, until];
    } else {
      name.lastIndex = at;
      if (name.test(source)) {
        const { tag, end: behind } = readTag(source, at, name.lastIndex, at < outlookUntil);
        yield tag;
        end = behind;
        if (!tag.closing && !tag.selfClosing && /^(?:mj-)?style$/.test(tag.name)) {
          end = endOfSheet(source, tag.name, behind);
          yield readSheet(source, tag, behind, end);
        }
      } else if (!/\s|^$/.test(source[at + 1] ?? '')) yield { is: 'bogus', start: at };
    }
    next.lastIndex = end;
  }
}

function readTag(source: string, start: number, from: number, forOutlook: boolean): { tag: Tag; end: number } {
  const closing = source[start + 1] === '/';
  const tag: Tag = {
    is: 'tag',
    start,
    name: source.slice(start + (closing ? 2 : 1), from).toLowerCase(),
    closing,
    selfClosing: false,
    attributes: [],
    loose: [],
    forOutlook,
  };
  let at = from;
  while (at < source.length) {
    const letter = source[at] ?? '';
    if (letter === '>') {
      tag.selfClosing = source[at - 1] === '/';
      return { tag, end: at + 1 };
    }
    if (source.startsWith('{{', at)) {
      const found = mustacheAt(source, at);
      tag.loose.push(found);
      at = found.end;
    } else if (letter === '<') break;
    else if (/[ \t\n]/.test(letter) || source.startsWith('/>', at)) at += 1;
    else at = readAttribute(source, at, tag);
  }
  tag.wrong ??= { at: start, what: 'unended' };
  return { tag, end: at };
}

function readAttribute(source: string, start: number, tag: Tag): number {
  attributeName.lastIndex = start;
  if (!attributeName.test(source)) {
    tag.wrong ??= { at: start, what: 'attribute' };
    return start + 1;
  }
  const attribute: Attribute = {
    name: source.slice(start, attributeName.lastIndex).toLowerCase(),
    start,
    quote: undefined,
    valueStart: attributeName.lastIndex,
    values: [],
  };
  tag.attributes.push(attribute);
  equals.lastIndex = attributeName.lastIndex;
  if (!equals.test(source)) return attribute.valueStart;
  const from = equals.lastIndex;
  const quote = source[from];
  if (quote !== '"' && quote !== "'") {
    bare.lastIndex = from;
    if (bare.test(source) && (bare.lastIndex > from || source.startsWith('{{', from))) return bare.lastIndex;
    tag.wrong ??= { at: start, what: 'attribute' };
    return from;
  }
  Object.assign(attribute, { quote, valueStart: from + 1 });
  const next = quote === '"' ? /"|\{\{/g : /'|\{\{/g;
  next.lastIndex = from + 1;
  for (let found = next.exec(source); found; found = next.exec(source)) {
    if (found[0] === quote) return next.lastIndex;
    const value = mustacheAt(source, found.index);
    attribute.values.push(value);
    next.lastIndex = value.end;
  }
  tag.wrong ??= { at: start, what: 'unended' };
  return source.length;
}

function endOfSheet(source: string, element: string, from: number): number {
  const close = element === 'style' ? /<\/style/gi : /<\/mj-style/gi;
  close.lastIndex = from;
  return close.exec(source)?.index ?? source.length;
}

function readSheet(source: string, { attributes }: Tag, start: number, end: number): Sheet {
  const css = source.slice(start, end);
  return {
    is: 'sheet',
    start,
    values: [...mustachesIn(css)].map((found) => ({ ...found, start: found.start + start, end: found.end + start })),
    inline: attributes.some((attribute) => attribute.name === 'inline'),
    rules: css.split('{').length - 1,
    markup: css.indexOf('<'),
  };
}
