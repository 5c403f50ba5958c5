import { type Command, InvalidArgumentError } from 'commander';

import type { CliContext } from './context.ts';
import { collect } from './collect.ts';
import { instant } from './imports/instant.ts';
import { importPeople, type ImportOptions } from './people/import.ts';

export function addPeople(program: Command, context: CliContext): void {
  const people = program.command('people').description('contacts and consents');
  people
    .command('import')
    .description('record the contacts and consents of a CSV file')
    .argument('<file>', 'CSV, whose first row names the columns, or a JSON list of objects')
    .option('--topic <topic>', 'what rows without topics are about; can be repeated', collect)
    .option('--source <text>', 'where the consents are from, for rows that do not say')
    .option('--time <time>', 'when the consents were given, for rows that do not say', timeOf)
    .option('--column <field=column>', 'read a field from this column; can be repeated', collect)
    .option('--dry-run', 'print the report and change nothing')
    .option('--errors <file>', 'write the refused rows to this file, as CSV')
    .addHelpText(
      'after',
      `
Fields (columns are found by these names and by those of SES, SendGrid, Mailgun, Postmark, Mailchimp and Customer.io):
  user_id      required; the id of the person in your system, never an address
  email        required; ada@example.com or Ada <ada@example.com>
  name         or first_name and last_name
  locale, time_zone, country
  topics       separated by spaces, commas or semicolons
  consent      granted, revoked or pending; yes or no. Default: granted, if a topic is named
  unsubscribed yes: an opt-out, of every topic unless one is named
  source       where the consent is from. Default: import
  captured_at  when it was given: ISO 8601, a date and time in UTC, Unix seconds or milliseconds

A consent does not undo an opt-out that is newer. The same file can be imported again: it changes nothing.

Example:
  rivulet people import customers.csv --column user_id=ID --topic offers --source "import 2026-11"`,
    )
    .action((file: string, options: ImportOptions) => importPeople(context, file, options));
}

function timeOf(text: string): number {
  const at = instant(text);
  if (at === undefined || at === 'none' || at > Date.now())
    throw new InvalidArgumentError('Give a past time such as 2026-01-31.');
  return at;
}
