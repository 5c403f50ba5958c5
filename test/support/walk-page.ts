import { readFileSync } from 'node:fs';

/** A fenced block of a page, with what the line before it says to do with it. */
export interface Step {
  language: string;
  text: string;
  /** `This is` a file as it stands, `Make` or `Change` it. */
  does?: string;
  file?: string;
  /** Where it stands, to be told when it fails. */
  line: number;
}

/** The blocks of a page, in the order in which somebody follows it. */
export function stepsOf(page: string): Step[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map((found) => {
    const before = text.slice(0, found.index).trimEnd();
    const [, does, file] = /(This is|Make|Change) `([^`]+)`:$/.exec(before) ?? [];
    const [language = '', body = ''] = found.slice(1);
    return { language, text: body, line: before.split('\n').length, ...(does && { does }), ...(file && { file }) };
  });
}

/** Applies a diff of `+`, `-` and context lines. Throws when a line that it names is not there, or there twice. */
export function patched(source: string, diff: string): string {
  const lines = source.split('\n');
  let at = 0;
  for (const line of diff.trimEnd().split('\n')) {
    const [sign, text] = [line.slice(0, 1), line.slice(1)];
    if (sign === '+') {
      lines.splice(at, 0, text);
      at += 1;
      continue;
    }
    const found = lines.indexOf(text);
    if (found < 0 || lines.includes(text, found + 1)) throw new Error(`not there, or more than once: ${text}`);
    if (sign === '-') lines.splice(found, 1);
    at = sign === '-' ? found : found + 1;
  }
  return lines.join('\n');
}
