/**
 * What is done to text that somebody else wrote before it is logged or kept. Two rules keep this cheap whatever comes: a text is
 * cut before anything reads it, and every reading is linear.
 */

/** The first `most` characters. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most);
}

/** The text with every address replaced, in any of the spellings in which one travels. Never use it in place of leaving text out. */
export function withoutAddresses(text: string): string {
  let done = '';
  let from = 0;
  for (const { index, length } of separatorsIn(text)) {
    if (index < from) continue; // in an address that is replaced already
    const [start, end] = [localStart(text, index, from), domainEnd(text, index + length)];
    if (start === index || end === index + length || isPackage(text, index)) continue;
    done += `${text.slice(from, start)}[address]`;
    from = end;
  }
  return from === 0 ? text : done + text.slice(from);
}

/** No address is longer: 64 before the @, 255 behind it. */
const longest = 320;

/** What may stand between the two halves: as it is typed, percent-encoded, fullwidth, small. */
const separator = /@|%40|\uff20|\ufe6b/gi;
const outside = /[\s<>()[\],;:"'@\uff20\ufe6b]/;

function separatorsIn(text: string): { index: number; length: number }[] {
  return [...text.matchAll(separator)].map(({ index, 0: { length } }) => ({ index, length }));
}

/** Where the local part begins, at most `longest` characters before the separator; a quoted one holds anything but quotes. */
function localStart(text: string, at: number, from: number): number {
  const first = Math.max(from, at - longest);
  if (text[at - 1] === '"') {
    for (let index = at - 2; index >= first; index -= 1) {
      if (text[index] === '"') return index;
    }
    return at;
  }
  let start = at;
  while (start > first && isInside(text, start - 1)) start -= 1;
  return start;
}

function domainEnd(text: string, at: number): number {
  const last = Math.min(text.length, at + longest);
  let end = at;
  while (end < last && isInside(text, end)) end += 1;
  return end;
}

function isInside(text: string, index: number): boolean {
  return !outside.test(text[index] ?? ' ');
}

/** `node_modules/@scope/name` in a stack trace: the file that failed. */
function isPackage(text: string, at: number): boolean {
  return text[at] === '@' && /(?:node_modules|\.pnpm)\/$/.test(text.slice(Math.max(0, at - 13), at));
}
