import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import type { PublishOptions } from './publish.ts';

interface Told {
  message?: string;
  author?: string;
}

/** Each command loads what it needs: a rollback need not wait for the code that compiles. */
export function addTemplates(program: Command, context: CliContext): void {
  const templates = program
    .command('templates')
    .description('the words of mails: check, publish, compare and take back');
  const told = (command: Command) =>
    command
      .option('-m, --message <text>', 'why; default: the last commit')
      .option('--author <name>', 'who; default: RIVULET_AUTHOR, else your name in git');

  told(templates.command('publish'))
    .description('make what the files say live, in every worker and at once; all templates, or those named')
    .argument('[names...]')
    .option('--again', 'also a version that a rollback took back')
    .option('--dry-run', 'say what would become live, and publish nothing')
    .action(async (names: string[], options: PublishOptions) =>
      (await import('./publish.ts')).publish(context, names, options),
    );
  templates
    .command('list')
    .description('show which version of each template is live, since when, by whom and why')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => (await import('./list.ts')).list(context, options));
  templates
    .command('show')
    .description('show one template: what it is, its languages, and every version it had')
    .argument('<template>', 'such as welcome, or welcome@<version>')
    .option('--sources', 'print the files it was made of')
    .option('--json', 'as JSON')
    .action(async (reference: string, options: { sources?: true; json?: true }) =>
      (await import('./show.ts')).show(context, reference, options),
    );
  templates
    .command('diff')
    .description('compare what is live with the files; or a version with what is live; or two versions')
    .argument('<template>')
    .argument('[from]', 'a version, or its first letters')
    .argument('[to]', 'a version, or its first letters')
    .action(async (name: string, from?: string, to?: string) =>
      (await import('./diff.ts')).diff(context, name, from, to),
    );
  told(templates.command('rollback'))
    .description('make the version before live again, in every worker and at once')
    .argument('<template>')
    .option('--to <version>', 'another version than the one before')
    .action(async (name: string, options: Told & { to?: string }) =>
      (await import('./move.ts')).rollback(context, name, options),
    );
  told(templates.command('pin'))
    .description('hold a template at a version, whatever is published, until --off')
    .argument('<template>', 'such as welcome@<version>; without a version, what is live')
    .option('--off', 'follow again what is published')
    .action(async (reference: string, options: Told & { off?: true }) =>
      (await import('./move.ts')).pin(context, reference, options),
    );
  templates
    .command('lint')
    .description('check the files of all templates, or of those named; publishes nothing and needs no server')
    .argument('[names...]')
    .option('--json', 'as JSON')
    .action(async (names: string[], options: { json?: true }) =>
      (await import('./lint.ts')).lint(context, names, options),
    );
  templates
    .command('types')
    .description('write templates/variables.ts: what each template needs, for the compiler to check journeys with')
    .option('--check', 'write nothing; fail when it is not what the templates need')
    .action(async (options: { check?: true }) => (await import('./types.ts')).types(context, options));
}
