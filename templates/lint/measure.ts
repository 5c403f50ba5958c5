/** Node copies the whole text for each segment of it: all of a mail would take minutes. Code units. */
const longest = 1_000;
const longestOfWords = 10_000;

/** What a reader counts as characters: a family of emoji is one, whatever it is made of. Of a very long text, the code units. */
export function graphemes(text: string): number {
  if (text.length > longest) return text.length;
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].length;
}

/** Words as the language has them (Japanese has no blanks between them), counted up to `enough`, near the beginning. */
export function words(text: string, locale: string, enough: number): number {
  let count = 0;
  for (const { isWordLike } of new Intl.Segmenter(locale, { granularity: 'word' }).segment(
    text.slice(0, longestOfWords),
  )) {
    if (isWordLike === true) count += 1;
    if (count === enough) break;
  }
  return count;
}

export function hasWords(text: string): boolean {
  return /[\p{Letter}\p{Number}]/u.test(text);
}
