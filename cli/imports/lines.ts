import { NotDone } from '../wrong-use.ts';
import { textOf } from './text.ts';

const longestLine = 1_000_000;

/**
 * Reads a text file line by line, whichever of CR, LF and CRLF ends them. Throws NotDone as `textOf` does, and for a line that no
 * CSV file has.
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of textOf(file)) {
    const text = rest + chunk;
    // A CR at the end may be the first half of a CRLF.
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? '') + text.slice(end);
    if (rest.length > longestLine)
      throw new NotDone(`${file}: a line is longer than ${longestLine} characters. Is it CSV?`);
    yield* lines;
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}
