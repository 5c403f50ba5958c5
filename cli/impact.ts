import type { Command } from 'commander';
import { DefaultLogger, Runtime } from '@temporalio/worker';

import { routes } from '../ingress/routes.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { temporalFor } from './connections.ts';
import type { CliContext } from './context.ts';
import { findImpact } from './impact/find-impact.ts';
import { told } from './impact/tell.ts';
import { WrongUse } from './wrong-use.ts';

export function addImpact(program: Command, context: CliContext): void {
  program
    .command('impact')
    .description('say what the journeys in this folder mean for the runs of a server; changes nothing')
    .option('--journey <name>', 'only this one')
    .option('--limit <n>', 'at most so many runs', Number, 1_000)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nEnds with 0 when every run can go on, with 1 when one cannot.')
    .action(async ({ journey, limit, json }: { journey?: string; limit: number; json?: true }) => {
      if (journey !== undefined && !/^[\w-]+$/.test(journey))
        throw new WrongUse(`"${journey}" is no name of a journey.`);
      if (!Number.isInteger(limit) || limit < 1) throw new WrongUse('--limit takes a whole number, at least 1.');
      const { client, close } = await temporalFor(context.env);
      try {
        // A run that cannot go on is the answer, not something to log.
        Runtime.install({
          logger: new DefaultLogger('ERROR', () => {}),
          telemetryOptions: { logging: { filter: 'error', forward: {} } },
        });
        const bundle = await bundleWorkflows();
        const found = await findImpact(client, bundle, journey, limit);
        if (journey !== undefined && found.impacts.length === 0) refuseUnknown(journey);
        if (json) context.print(JSON.stringify(found, undefined, 2));
        else for (const line of told(found)) context.print(line);
        process.exitCode = found.impacts.some(({ broken }) => broken !== undefined) ? 1 : 0;
      } finally {
        await close();
      }
    });
}

/** Of a journey that nothing starts any more there may still be runs; without any, the name is most likely mistyped. */
function refuseUnknown(journey: string): void {
  const journeys = Object.values(routes).map(({ starts }): string => starts);
  if (!journeys.includes(journey))
    throw new WrongUse(`There is no journey "${journey}", and no run of one; there are ${journeys.join(', ')}.`);
}
