import { inOneLine } from '../../templates/compile/compile-all.ts';
import type { CliContext } from '../context.ts';
import { NotDone } from '../wrong-use.ts';
import { fromFiles, type FromFiles } from './from-files.ts';

/** Checks the files. Fails when a template could not be published. */
export async function lint(
  context: CliContext,
  names: readonly string[],
  { json = false }: { json?: boolean },
): Promise<void> {
  const found = await fromFiles(context, names);
  if (json) {
    const { mistakes, findings } = found;
    context.print(JSON.stringify({ mistakes, findings }, undefined, 2));
    if (countErrors(found) > 0) throw new NotDone('There are errors.');
    return;
  }
  const errors = tellFindings(context.print, found);
  const warnings = found.findings.filter(({ level }) => level === 'warning').length;
  const told = `${found.templates.length} templates, ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
  if (errors > 0) throw new NotDone(`${told}. docs/lint.md has the reason of each rule.`);
  context.print(told);
}

/** Prints what was found, errors first, and gives the number of errors. */
export function tellFindings(print: (line: string) => void, found: FromFiles): number {
  for (const mistake of found.mistakes) print(`error    ${mistake}`);
  for (const level of ['error', 'warning'] as const) {
    for (const finding of found.findings.filter((one) => one.level === level)) {
      print(`${level.padEnd(8)} ${inOneLine(finding)}`);
    }
  }
  return countErrors(found);
}

function countErrors({ mistakes, findings }: FromFiles): number {
  return mistakes.length + findings.filter(({ level }) => level === 'error').length;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
