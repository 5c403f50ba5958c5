import type { Mustache } from '../mustaches.ts';
import { linkAttributes } from '../safe-html.ts';
import { linesOf } from '../lines.ts';
import { type Attribute, markupOf } from './markup.ts';

/**
 * Where in MJML or HTML data may not stand, whatever it says: escaping makes a value safe as text and between quotes, nowhere
 * else. One `{ line, message }` for each place; the first line is 1.
 */
export function misplacedData(source: string): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = [];
  const lineAt = linesOf(source);
  const tell = ({ start, end }: Mustache, message: string) =>
    found.push({ line: lineAt(start), message: `${source.slice(start, Math.min(end, start + 60))}: ${message}` });
  for (const markup of markupOf(source)) {
    if (markup.is === 'sheet') for (const value of markup.values) tell(value, noCss);
    if (markup.is !== 'tag') continue;
    for (const value of markup.loose)
      tell(value, 'inside a tag, Handlebars stands between quotes only: attribute="{{...}}"');
    for (const attribute of markup.attributes) {
      for (const value of attribute.values) {
        const wrong = misplacedIn(attribute, value, source);
        if (wrong !== undefined) tell(value, wrong);
      }
    }
  }
  return found;
}

function misplacedIn(
  { name, quote = '"', valueStart }: Attribute,
  value: Mustache,
  source: string,
): string | undefined {
  const text = source.slice(value.start, value.end);
  if (text.includes(quote)) return `inside ${quote}...${quote} it takes the other quotes`;
  if (name === 'style') return noCss;
  const before = source.slice(valueStart, value.start).trim();
  const isWhole = linkAttributes.has(name) && before === '';
  if (
    linkAttributes.has(name) &&
    isEncoded(text) &&
    /^(?:https?:)?(?:\/\/[^/?#]*|\/?)$/i.test(before) &&
    before !== '' &&
    before !== '/'
  )
    return 'a value must not be part of a host name: {{url ...}} is for a value in the path or query';
  if (isWhole && isEncoded(text)) return 'a link does not begin encoded: {{url ...}} is for a value behind its address';
  return undefined;
}

/** `{{url event.id}}` */
export function isEncoded(mustache: string): boolean {
  return /^\{\{~?\s*url\s/.test(mustache);
}

const noCss = 'data does not write CSS: take a class, and {{#if}} around it in the words';
