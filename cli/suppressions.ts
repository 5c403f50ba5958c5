import { type Command, Option } from 'commander';

import { type SuppressionReason, suppressionReasons } from '../store/suppressions.ts';
import type { CliContext } from './context.ts';
import { add, type AddOptions, remove } from './suppressions/change.ts';
import { exportTo } from './suppressions/export.ts';
import { importFile, type ImportOptions } from './suppressions/import.ts';

export function addSuppressions(program: Command, context: CliContext): void {
  const suppressions = program.command('suppressions').description('addresses that must not be mailed');
  suppressions
    .command('add')
    .description('suppress an address')
    .argument('<address>', 'the address, or its hash of 32 characters')
    .addOption(
      new Option('--reason <reason>', 'why').choices(['manual', 'hard_bounce', 'complaint']).makeOptionMandatory(),
    )
    .addOption(new Option('--scope <scope>', 'what it stops').choices(['all', 'marketing']).default('all'))
    .action((address: string, options: AddOptions) => add(context, address, options));
  suppressions
    .command('remove')
    .description("lift the suppressions of an address, here and on the provider's list")
    .argument('<address>', 'the address, or its hash of 32 characters')
    .addOption(new Option('--reason <reason>', 'this one alone').choices(suppressionReasons))
    .action((address: string, { reason }: { reason?: SuppressionReason }) => remove(context, address, reason));
  suppressions
    .command('import')
    .description('suppress the addresses of a CSV file')
    .argument('<file>', 'its first row names the columns')
    .option('--dry-run', 'change nothing, and say what an import would do')
    .option('--errors <file>', 'write the rows that are wrong to this file, as CSV')
    .addHelpText(
      'after',
      `
Columns, separated by commas, semicolons or tabs; others are ignored:
  email or address_hash
  reason   ${suppressionReasons.join(', ')}; bounce is hard_bounce. Default: manual
  scope    all or marketing. Default: all; of complaints what rivulet.yaml says
  since    a date such as 2026-01-31, a date and time in UTC, or Unix milliseconds. Default: now
  until    the same, when the suppression ends. Default: never`,
    )
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
  suppressions
    .command('export')
    .description('write all suppressions as CSV, which can be imported again')
    .argument('[file]', 'default: standard output')
    .action((file?: string) => exportTo(context, file));
}
