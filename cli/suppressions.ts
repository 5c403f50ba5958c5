import { type Command, Option } from 'commander';

import { type SuppressionReason, suppressionReasons } from '../store/suppressions.ts';
import type { CliContext } from './context.ts';
import { collect } from './collect.ts';
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
    .description('suppress the addresses of a CSV file; unsubscribes become opt-outs')
    .argument('<file>', 'CSV, whose first row names the columns, or a JSON list of objects')
    .addOption(new Option('--reason <reason>', 'of every row, whatever the file says').choices(suppressionReasons))
    .addOption(new Option('--scope <scope>', 'of every row, whatever the file says').choices(['all', 'marketing']))
    .option(
      '--topic <topic>',
      'what the unsubscribes are about, of known people; can be repeated. Default: every topic',
      collect,
    )
    .option('--column <field=column>', 'read a field from this column; can be repeated', collect)
    .option('--dry-run', 'print the report and change nothing')
    .option('--errors <file>', 'write the refused rows to this file, as CSV')
    .addHelpText(
      'after',
      `
The suppression lists of SES, SendGrid, Mailgun, Postmark, Mailchimp and Customer.io are recognized by their columns.
SendGrid's blocks look like its bounces but are temporary: do not import them.

Fields of other files; further columns are ignored:
  email        ada@example.com or Ada <ada@example.com>; or address_hash
  reason       ${suppressionReasons.join(', ')}. Default: manual
  scope        all or marketing. Default: all; of complaints what rivulet.yaml says
  since        ISO 8601, a date and time in UTC, Unix seconds or milliseconds. Default: now
  until        the same, when the suppression ends. Default: never

An unsubscribe is recorded as an opt-out of each person with the address. An address that no one has yet is suppressed for
marketing until a later consent: it still gets receipts.

Example:
  rivulet suppressions import list.csv --column email=Contact --reason hard_bounce`,
    )
    .action((file: string, options: ImportOptions) => importFile(context, file, options));
  suppressions
    .command('export')
    .description('write all suppressions as CSV, which can be imported again')
    .argument('[file]', 'default: standard output')
    .action((file?: string) => exportTo(context, file));
}
