import { type Command, InvalidArgumentError, Option } from 'commander';

import { configSchema } from '../../config/schema.ts';
import type { CliContext } from '../context.ts';
import { WrongUse } from '../wrong-use.ts';
import { type Estimate, estimate } from './model.ts';
import { days, quantity, share } from './quantity.ts';
import { tell } from './tell.ts';

interface Options {
  emailsPerDay: number;
  journeys: number;
  mailsPerJourney: number;
  peak: number;
  transactional: number;
  localSend: number;
  people?: number;
  retention?: number;
  rememberSends?: number;
  json?: true;
}

const msPerDay = 86_400_000;

export function addCapacity(program: Command, { print }: CliContext): void {
  program
    .command('capacity')
    .description('reckon what a load takes: workers, Temporal, NATS, Redis, SES and money; needs no server')
    .requiredOption('--emails-per-day <count>', 'mails a day, such as 100M', quantity)
    .requiredOption('--journeys <count>', 'journeys that are open at the same time, such as 20M', quantity)
    .option('--mails-per-journey <count>', 'how many mails a journey sends, with a wait between two', quantity, 5)
    .option('--peak <factor>', 'the busiest second over the average of the day', factor, 4)
    .addOption(shareOption('--transactional <share>', 'the share of mails that are a run of their own', '20%'))
    .addOption(shareOption('--local-send <share>', 'the share of mails that leave inside the workflow turn', '95%'))
    .option('--people <count>', 'everybody who is known. Default: as many as there are open journeys', quantity)
    .option('--retention <time>', 'how long Temporal keeps runs that have ended. Default: 30d', days)
    .option(
      '--remember-sends <time>',
      'provider.remember_sends. Default: that of rivulet.yaml when it says nothing',
      days,
    )
    .option('--json', 'as JSON, with the units in the names')
    .addHelpText(
      'after',
      `
Example:
  rivulet capacity --emails-per-day 100M --journeys 20M --peak 6 --retention 14d

k, M and G are thousands, millions and thousands of millions. docs/scale.md says how it is reckoned.`,
    )
    .action((options: Options) => {
      const result = reckon(options);
      print(options.json ? JSON.stringify(result, undefined, 2) : tell(result));
    });
}

function reckon(options: Options): Estimate {
  const { provider, decisions, queues } = configSchema.parse({});
  try {
    return estimate({
      emailsPerDay: options.emailsPerDay,
      openJourneys: options.journeys,
      mailsPerJourney: options.mailsPerJourney,
      peakFactor: options.peak,
      transactionalShare: options.transactional,
      localSendShare: options.localSend,
      people: options.people ?? options.journeys,
      retentionDays: options.retention ?? 30,
      rememberSendsDays: options.rememberSends ?? provider.remember_sends / msPerDay,
      rememberDecisionsDays: decisions.remember / msPerDay,
      streamDays: queues.marketing_events.max_age / msPerDay,
    });
  } catch (error) {
    const { name, message } = error as Error;
    throw name === 'WrongLoad' ? new WrongUse(message) : error;
  }
}

/** In help the default stands as it is written. */
function shareOption(flags: string, description: string, otherwise: string): Option {
  return new Option(flags, description).argParser(share).default(share(otherwise), otherwise);
}

function factor(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('A number would be right: 4, or 2.5.');
  return Number(text);
}
