import type { CompiledVariant, Finding } from '../compiled.ts';
import { linesOf } from '../lines.ts';
import { mustachesIn } from '../mustaches.ts';
import type { Need } from '../needs.ts';
import type { Composed } from './compose.ts';
import type { SourceFile } from './read.ts';

/**
 * Where in the sources a need stands. The lines of `html` are of what MJML has made: there the first line is told on which
 * the sources use the same name.
 */
export function placeIn(
  composed: Composed,
  { file }: Pick<CompiledVariant, 'file'>,
  text: SourceFile | undefined,
): (need: Need) => Pick<Finding, 'file' | 'line'> {
  let lineOf: ReadonlyMap<string, number> | undefined;
  return ({ part, path, line }) => {
    if (part === 'text' && text) return { file: text.file, line };
    if (part === 'subject' || part === 'preheader') return { file, line: 1 };
    const name = path.replace(/\[\]$/, '').split('.').at(-1) ?? path;
    lineOf ??= firstLines(composed.mjml);
    return composed.places[(lineOf.get(name) ?? 0) - 1] ?? { file, line: 1 };
  };
}

/** The words inside `{{...}}`, and the first line that each is on. */
function firstLines(mjml: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const lineAt = linesOf(mjml);
  for (const { kind, start, end } of mustachesIn(mjml)) {
    if (kind !== 'value') continue;
    for (const { 0: word, index } of mjml.slice(start, end).matchAll(/[\w-]+/g)) {
      if (!lines.has(word)) lines.set(word, lineAt(start + index));
    }
  }
  return lines;
}
