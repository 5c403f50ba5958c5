import type { Command } from 'commander';

import { startEverything } from '../local/start.ts';
import type { CliContext } from './context.ts';

export function addStart(program: Command, { root, print }: CliContext): void {
  program
    .command('start')
    .description('run everything on this machine: servers, SES stand-in with its inbox, ingress, worker')
    .action(async () => {
      const everything = await startEverything({ root, env: process.env, print });
      process.exitCode = await everything.done;
    });
}
