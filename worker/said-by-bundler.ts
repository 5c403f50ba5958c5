import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What is wrong, out of webpack's pages of what it did: for each mistake its place, its message and the lines around it. */
export function saidByBundler(output: string): string {
  const [, ...mistakes] = stripVTControlCharacters(output).split(/^ERROR in /m);
  if (mistakes.length === 0) return output;
  return mistakes.map((mistake) => syntaxMistake(mistake) ?? firstLines(mistake)).join('\n');
}

/** As swc tells it: the message behind a cross, and the source lines in a frame. */
function syntaxMistake(mistake: string): string | undefined {
  const message = /^\s*(?:Error:)?\s*[x×]\s+(.+)$/m.exec(mistake)?.[1];
  const [, file, line, frame = ''] = /[,╭]-*─*\[(.+?):(\d+):\d+\]\n(.*?)\n\s*[`╰]/s.exec(mistake) ?? [];
  return message && file ? `  ${relative(process.cwd(), file)}:${line} ${message}\n${frame}` : undefined;
}

/** Of everything else: where, and what; not how webpack looked for it. */
function firstLines(mistake: string): string {
  const [place = '', what = ''] = mistake.split('\n');
  return `  ${place.replace(/^\.\//, '').replace(/ (\d+):.*/, ':$1')} ${what.replace('Module not found: Error: ', '')}`;
}
