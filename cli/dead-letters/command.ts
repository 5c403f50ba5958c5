import { type Command, InvalidArgumentError } from 'commander';

import type { CliContext } from '../context.ts';
import { WrongUse } from '../wrong-use.ts';
import { discard } from './discard.ts';
import { editAndReplay } from './edit.ts';
import { list, type ListOptions } from './list.ts';
import type { ReplayOptions } from './publication.ts';
import { dryRun, replay } from './replay.ts';
import { show } from './show.ts';
import { whereHelp } from './where.ts';

interface ChoiceOptions {
  where?: string;
  all?: true;
}

interface ReplayCommandOptions extends ChoiceOptions, ReplayOptions {
  edit?: true;
  dryRun?: true;
}

export function addDeadLetters(program: Command, context: CliContext): void {
  const letters = program
    .command('dead-letters')
    .description('Events and feedback that were refused: list, show, replay and discard them');
  letters
    .command('list')
    .description('List dead letters, oldest first, and count them by reason')
    .option('--where <expression>', 'only those for which this holds')
    .option('--limit <n>', 'show at most so many', wholeNumber, 100)
    .option('--json', 'as JSON')
    .addHelpText('after', whereHelp)
    .action((options: ListOptions) => list(context, options));
  letters
    .command('show')
    .description('Show the headers and the body of one, with the personal data in it')
    .argument('<seq>', 'as the list shows it', wholeNumber)
    .action((seq: number) => show(context, seq));
  withChoice(
    letters.command('replay').description('Publish dead letters again, with the same event_id, and delete them'),
  )
    .option('--edit', 'open one in the editor (VISUAL or EDITOR), validate it when it is saved, and replay it')
    .option('--dry-run', 'send nothing, and say what a replay of each would do')
    .option('--subject-from-type', 'publish events to the subject of their event_type instead of the original one')
    .option('--force', 'also replay those that this version refuses: the ingress decides')
    .addHelpText('after', whereHelp)
    .action((seqs: number[], { edit, dryRun: isDry, where, all, ...options }: ReplayCommandOptions) => {
      const choice = { seqs, ...(where !== undefined && { where }), ...(all && { all }) };
      if (!edit) return isDry ? dryRun(context, choice, options) : replay(context, choice, options);
      const [seq, ...others] = seqs;
      if (seq === undefined || others.length > 0 || where !== undefined || all) {
        throw new WrongUse('--edit takes exactly one dead letter: rivulet dead-letters replay --edit <seq>');
      }
      if (isDry) throw new WrongUse('--edit and --dry-run exclude each other: --edit sends nothing that is invalid.');
      return editAndReplay(context, seq);
    });
  withChoice(letters.command('discard').description('Delete dead letters'))
    .option('--yes', 'with --where or --all: delete them without asking')
    .addHelpText('after', whereHelp)
    .action((seqs: number[], { yes = false, where, all }: ChoiceOptions & { yes?: boolean }) =>
      discard(context, { seqs, ...(where !== undefined && { where }), ...(all && { all }) }, yes),
    );
}

function withChoice(command: Command): Command {
  return command
    .argument('[seq...]', 'as the list shows them', collect, [])
    .option('--where <expression>', 'those for which this holds')
    .option('--all', 'all of them');
}

function collect(text: string, before: number[]): number[] {
  return [...before, wholeNumber(text)];
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('a whole number, at least 1');
  return number;
}
