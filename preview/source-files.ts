import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../templates/compile/read.ts';
import type { OnDisk } from './templates-on-disk.ts';

/** A file of a template as it is now, with what was found in each line. */
export interface SourceFile {
  file: string;
  lines: { text: string; found: string[] }[];
}

/** The files that a template is made of: its own first, then layouts and partials. Read anew, since it may be broken now. */
export function sourceFiles(dir: string, { name, last, mistakes, findings }: OnDisk): SourceFile[] {
  const own = listed(join(dir, name)).map((file) => `${name}/${file}`);
  const shared = Object.keys(last?.compiled.sources ?? {}).filter((file) => !file.startsWith(`${name}/`));
  const mentioned = mistakes.map((mistake) => placeOf(mistake)?.file).filter((file) => file !== undefined);
  const marks = [
    ...mistakes.map((mistake) => ({ ...placeOf(mistake), message: withoutPlace(mistake) })),
    ...findings.map(({ file, line, message }) => ({ file, line, message })),
  ];
  return [...new Set([...own, ...shared.toSorted(), ...mentioned])].flatMap((file) => {
    const text = textOf(dir, file);
    if (text === undefined) return [];
    const lines = text.replace(/\n$/, '').split('\n');
    return [
      {
        file,
        lines: lines.map((line, index) => ({
          text: line,
          found: marks.filter((mark) => mark.file === file && mark.line === index + 1).map(({ message }) => message),
        })),
      },
    ];
  });
}

/** `welcome/mail.mjml:12 what` -> its file and line. */
export function placeOf(mistake: string): { file: string; line: number } | undefined {
  const [, file, line] = /^([\w./-]+\.(?:mjml|txt)):(\d+)(?= )/.exec(mistake) ?? [];
  return file === undefined || file.includes('..') || file.startsWith('/') ? undefined : { file, line: Number(line) };
}

export function withoutPlace(mistake: string): string {
  return placeOf(mistake) ? mistake.slice(mistake.indexOf(' ') + 1) : mistake;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.(mjml|txt)$/.test(file) && !file.startsWith('.'))
      .toSorted((one, other) => depth(one) - depth(other) || one.localeCompare(other));
  } catch {
    return [];
  }
}

/** mail.mjml and mail.txt come before their translations. */
function depth(file: string): number {
  return file.split('.').length;
}

/** Undefined for what is no file of the folder: a link that leads out of it is not shown here either. */
function textOf(dir: string, file: string): string | undefined {
  try {
    return bytesOf(dir, file).toString('utf8');
  } catch {
    return undefined;
  }
}
