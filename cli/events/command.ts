import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { checkEvents } from './check.ts';
import { exportEvents, type ExportOptions } from './export.ts';

export function addEvents(program: Command, context: CliContext): void {
  const events = program.command('events').description('The contract for producers: export schemas, check changes');
  events
    .command('export')
    .description('Write the JSON Schema of every event type, and an AsyncAPI document')
    .option('--out <folder>', 'where to', 'contract')
    .option('--examples', 'also types and a publishing program in Python, Go and Java')
    .action((options: ExportOptions) => exportEvents(context, options));
  events
    .command('check')
    .description('Refuse changes of the events that break producers or running journeys')
    .requiredOption('--against <git ref>', 'what producers and running journeys know, such as origin/main')
    .action(({ against }: { against: string }) => checkEvents(context, against));
}
