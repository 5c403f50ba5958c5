import { endOfMustache } from '../mustaches.ts';

/**
 * Where in MJML or HTML data may not stand, whatever it says: escaping makes a value safe as text and between quotes, nowhere
 * else. One `{ line, message }` for each place; the first line is 1.
 */
export function misplacedData(source: string): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = [];
  const tell = (at: number, message: string) =>
    found.push({ line: source.slice(0, at).split('\n').length, message: `${mustacheAt(source, at)}: ${message}` });
  let at = 0;
  while (at < source.length) {
    if (source.startsWith('{{', at)) at = endOfMustache(source, at);
    else if (/^<!--\s*\[if\b/i.test(source.slice(at, at + 20))) at += 4; // Outlook on Windows reads what is in it
    else if (source.startsWith('<!--', at)) at = after(source, '-->', at);
    else if (/^<[a-z]/i.test(source.slice(at, at + 2))) at = scanTag(source, at, tell);
    else at += 1;
  }
  return found;
}

type Tell = (at: number, message: string) => void;

/** From `<` to behind `>`; of a style sheet, to behind its end. */
function scanTag(source: string, from: number, tell: Tell): number {
  let quote = '';
  let attribute = '';
  for (let at = from + 1; at < source.length; at += 1) {
    const letter = source[at] ?? '';
    if (source.startsWith('{{', at)) {
      const end = endOfMustache(source, at);
      if (quote === '') tell(at, 'inside a tag, Handlebars stands between quotes only: attribute="{{...}}"');
      else if (source.slice(at, end).includes(quote)) tell(at, `inside ${quote}...${quote} it takes the other quotes`);
      else if (/^style$/i.test(attribute)) tell(at, noCss);
      at = end - 1;
    } else if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") {
      quote = letter;
      attribute = /([\w:-]+)\s*=\s*$/.exec(source.slice(from, at))?.[1] ?? '';
    } else if (letter === '>') return styleSheet(source, from, at, tell);
  }
  return source.length;
}

const noCss = 'data does not write CSS: take a class, and {{#if}} around it in the words';

function styleSheet(source: string, from: number, close: number, tell: Tell): number {
  const [, name] = /^<(mj-style|style)\b/i.exec(source.slice(from, from + 10)) ?? [];
  if (name === undefined || source[close - 1] === '/') return close + 1;
  const end = source.toLowerCase().indexOf(`</${name.toLowerCase()}`, close);
  const inside = source.slice(close, end < 0 ? source.length : end);
  for (const { index } of inside.matchAll(/\{\{/g)) tell(close + index, noCss);
  return close + Math.max(1, inside.length);
}

function after(source: string, end: string, from: number): number {
  const at = source.indexOf(end, from);
  return at < 0 ? source.length : at + end.length;
}

function mustacheAt(source: string, at: number): string {
  return source.slice(at, Math.min(endOfMustache(source, at), at + 60));
}
