import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { exportEvents } from './export.ts';

export function addEvents(program: Command, context: CliContext): void {
  const events = program.command('events').description('The contract for producers: export schemas, check changes');
  events
    .command('export')
    .description('Write the JSON Schema of every event type, and an AsyncAPI document')
    .option('--out <folder>', 'where to', 'contract')
    .action(({ out }: { out: string }) => exportEvents(context, out));
}
