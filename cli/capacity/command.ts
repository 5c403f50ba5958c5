import { type Command, InvalidArgumentError, Option } from 'commander';

import { configSchema } from '../../config/schema.ts';
import type { CliContext } from '../context.ts';
import { WrongUse } from '../wrong-use.ts';
import { type Estimate, estimate } from './model.ts';
import { days, quantity, share } from './quantity.ts';
import { report } from './report.ts';

interface Options {
  emailsPerDay: number;
  journeys: number;
  emailsPerJourney: number;
  peak: number;
  transactional: number;
  inline: number;
  people?: number;
  retention?: number;
  rememberSends?: number;
  json?: true;
}

const msPerDay = 86_400_000;

export function addCapacity(program: Command, { print }: CliContext): void {
  program
    .command('capacity')
    .description('Estimate capacity and cost: workers, Postgres, Temporal, NATS, Redis and SES. Connects to no server.')
    .requiredOption('--emails-per-day <count>', 'Emails a day, such as 100M', quantity)
    .requiredOption('--journeys <count>', 'Journeys open at the same time, such as 20M', quantity)
    .option('--emails-per-journey <count>', 'Emails of a journey, with a wait between two', quantity, 5)
    .option('--peak <factor>', 'The busiest second, relative to the average of the day', factor, 4)
    .addOption(
      shareOption('--transactional <share>', 'Share of emails with a run of their own, such as receipts', '20%'),
    )
    .addOption(shareOption('--inline <share>', 'Share of emails that are sent inline; the others are queued', '95%'))
    .option('--people <count>', 'People in the record. Default: as many as open journeys', quantity)
    .option('--retention <time>', 'How long Temporal keeps closed runs. Default: 30d', days)
    .option('--remember-sends <time>', 'provider.remember_sends. Default: 60d', days)
    .option('--json', 'Print JSON; units are in the names')
    .addHelpText(
      'after',
      `
Example:
  rivulet capacity --emails-per-day 100M --journeys 20M --peak 6 --retention 14d

k, M and G are thousands, millions and billions. docs/scale.md explains the model.`,
    )
    .action((options: Options) => {
      const result = estimateFor(options);
      print(options.json ? JSON.stringify(result, undefined, 2) : report(result));
    });
}

function estimateFor(options: Options): Estimate {
  const { provider, decisions, queues } = configSchema.parse({});
  try {
    return estimate({
      emailsPerDay: options.emailsPerDay,
      openJourneys: options.journeys,
      emailsPerJourney: options.emailsPerJourney,
      peakFactor: options.peak,
      transactionalShare: options.transactional,
      inlineShare: options.inline,
      people: options.people ?? options.journeys,
      retentionDays: options.retention ?? 30,
      rememberSendsDays: options.rememberSends ?? provider.remember_sends / msPerDay,
      rememberDecisionsDays: decisions.remember / msPerDay,
      streamDays: queues.marketing_events.max_age / msPerDay,
    });
  } catch (error) {
    const { name, message } = error as Error;
    throw name === 'InvalidLoad' ? new WrongUse(message) : error;
  }
}

/** Help shows the default as a percentage. */
function shareOption(flags: string, description: string, otherwise: string): Option {
  return new Option(flags, description).argParser(share).default(share(otherwise), otherwise);
}

function factor(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Use a number, such as 4 or 2.5.');
  return Number(text);
}
