/** A string, or a name in brackets, may hold `}}`. Each letter has one way to match: nothing is tried twice. */
const quoted = String.raw`"(?:[^"\\]|\\"|\\(?!"))*"|'(?:[^'\\]|\\'|\\(?!'))*'|\[(?:[^\]\\]|\\\]|\\(?!\]))*\]`;
const long = String.raw`\{\{~?!--[^]*?--~?\}\}`;
const short = String.raw`\{\{~?!(?!--)[^]*?\}\}`;
const other = String.raw`\{\{~?\{?(?!!)(?:${quoted}|[^"'\[{}\\]|\}(?!\}))*\}\}\}?`;
const comment = new RegExp(`${long}|${short}`, 'y');
const mustache = new RegExp(other, 'y');

/** Something that Handlebars reads in a source. */
export interface Mustache {
  /**
   * `shown`: the `\{{` that shows two braces. `unreadable`: what begins here has no end that Handlebars would find, and the rest of
   * the source is taken for it.
   */
  kind: 'comment' | 'value' | 'shown' | 'unreadable';
  /** Of its first brace. */
  start: number;
  /** Behind its last one. */
  end: number;
}

/** Every `{{...}}` of a source, in order. One pass, whatever is in it. */
export function* mustachesIn(source: string): Generator<Mustache> {
  for (let at = source.indexOf('{{'); at >= 0;) {
    const found = mustacheAt(source, at);
    yield found;
    at = source.indexOf('{{', found.end);
  }
}

/** The `{{...}}` that begins here. */
export function mustacheAt(source: string, start: number): Mustache {
  if (source[start - 1] === '\\' && source[start - 2] !== '\\') return { kind: 'shown', start, end: start + 2 };
  for (const [kind, pattern] of [['comment', comment] as const, ['value', mustache] as const]) {
    pattern.lastIndex = start;
    if (pattern.test(source)) return { kind, start, end: pattern.lastIndex };
  }
  return { kind: 'unreadable', start, end: source.length };
}

/** What a `{{...}}` is to a block: `{{#if}}` and `{{^x}}` open one, `{{else}}` and `{{^}}` are in the middle of it, `{{/if}}` closes it. */
export function blockPart(mustache: string): 'opens' | 'between' | 'closes' | undefined {
  if (/^\{\{~?(?:#|\^\s*[^\s~}])/.test(mustache)) return 'opens';
  if (/^\{\{~?(?:\^|\s*else\b)/.test(mustache)) return 'between';
  return /^\{\{~?\//.test(mustache) ? 'closes' : undefined;
}

/** A source with each `{{...}}` replaced. Undefined leaves it as it is. */
export function replaceMustaches(source: string, by: (found: Mustache, text: string) => string | undefined): string {
  let result = '';
  let from = 0;
  for (const found of mustachesIn(source)) {
    const { start, end } = found;
    const text = source.slice(start, end);
    result += source.slice(from, start) + (by(found, text) ?? text);
    from = end;
  }
  return result + source.slice(from);
}

/** A source without the comments of Handlebars; its lines stay where they are. */
export function withoutComments(source: string): string {
  return replaceMustaches(source, ({ kind }, text) => (kind === 'comment' ? text.replaceAll(/[^\n]/g, '') : undefined));
}
