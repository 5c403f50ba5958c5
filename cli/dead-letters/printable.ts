/**
 * Someone else's text, for a terminal that must not act on it: control characters and those that change the direction of text are
 * written as escapes. Line breaks and tabs are kept.
 */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same in one line of at most `length` characters. */
export function printableLine(text: string, length: number): string {
  const line = printable(text.replaceAll(/\s+/g, ' '));
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
