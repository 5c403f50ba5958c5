/** To the first `}}`, or to an end of its own that may have others before it. */
const comment = String.raw`\{\{~?!--[^]*?--~?\}\}|\{\{~?![^]*?\}\}`;
/** A string, or a name in brackets, may hold `}}`. */
const quoted = String.raw`"(?:[^"\\]|\\"?)*"|'(?:[^'\\]|\\'?)*'|\[(?:[^\]\\]|\\\]?)*\]`;
const mustache = String.raw`${comment}|\{\{\{?(?:${quoted}|[^"'\[}]|\}(?!\}))*\}\}\}?`;

const partial = String.raw`\{\{~?#?>([^}]*)\}\}`;

/** Comments, and partials with what they name. */
export const commentsAndPartials = new RegExp(`${comment}|${partial}`, 'g');

/** All that Handlebars reads in a source, with the backslashes before it; `\{{` alone, which it shows as `{{`. */
export const mustaches = new RegExp(String.raw`(?<!\\)\\\{\{|\\*(?:${mustache})`, 'g');

/** A source without the comments of Handlebars; its lines stay where they are. */
export function withoutComments(source: string): string {
  return source.replaceAll(comments, (text) => text.replaceAll(/[^\n]/g, ''));
}

const comments = new RegExp(comment, 'g');

/** Behind the `{{...}}` that begins here. */
export function endOfMustache(source: string, at: number): number {
  const whole = new RegExp(mustache, 'y');
  whole.lastIndex = at;
  if (whole.test(source)) return whole.lastIndex;
  const end = source.indexOf('}}', at);
  return end < 0 ? source.length : end + 2;
}
