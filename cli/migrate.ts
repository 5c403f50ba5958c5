import type { Command } from 'commander';

import { loadConfig } from '../config/load.ts';
import { createLog } from '../runtime/log.ts';
import { openRecord, recordSettings } from '../runtime/record.ts';
import { postgresFor } from './connect/postgres.ts';
import type { CliContext } from './context.ts';

export function addMigrate(program: Command, { env, print }: CliContext): void {
  program
    .command('migrate')
    .description(
      'bring the Postgres schema up to date, as worker and ingress do when they start without --no-provision',
    )
    .action(async () => {
      const { config, environment } = loadConfig(env);
      const { postgres, close } = await postgresFor(env);
      try {
        await openRecord(postgres, recordSettings(config, environment, true), createLog('migrate', 'warn'));
      } finally {
        await close();
      }
      print('The schema is up to date.');
    });
}
