import type { CompiledVariant, Finding } from '../compiled.ts';
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
  return ({ part, path, line }) => {
    if (part === 'text' && text) return { file: text.file, line };
    if (part === 'subject' || part === 'preheader') return { file, line: 1 };
    const name = path.replace(/\[\]$/, '').split('.').at(-1) ?? path;
    const at = composed.mjml.split('\n').findIndex((source) => namesIn(source).includes(name));
    return composed.places[at] ?? { file, line: 1 };
  };
}

/** The words inside `{{...}}`. */
function namesIn(line: string): string[] {
  return [...line.matchAll(/\{\{([^}]*)\}\}/g)].flatMap(([, inside = '']) => inside.match(/[\w-]+/g) ?? []);
}
