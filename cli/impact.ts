import type { Command } from 'commander';
import { DefaultLogger, Runtime } from '@temporalio/worker';

import { routes } from '../ingress/routes.ts';
import { bundleWorkflows } from '../worker/bundle.ts';
import { temporalFor } from './connect/temporal.ts';
import type { CliContext } from './context.ts';
import { findImpact } from './impact/find-impact.ts';
import { createTally } from './impact/tell.ts';
import { WrongUse } from './wrong-use.ts';

export function addImpact(program: Command, context: CliContext): void {
  program
    .command('impact')
    .description('say what the journeys in this folder mean for the runs of a server; changes nothing')
    .option('--journey <name>', 'only this one')
    .option('--limit <n>', 'at most so many runs; else all', Number)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 every running run can go on, 1 one cannot, or --limit left some out, 2 wrong use; nothing was done then.',
    )
    .action(async ({ journey, limit, json }: { journey?: string; limit?: number; json?: true }) => {
      if (journey !== undefined && !/^[\w-]+$/.test(journey))
        throw new WrongUse(`"${journey}" is no name of a journey.`);
      if (limit !== undefined && (!Number.isInteger(limit) || limit < 1))
        throw new WrongUse('--limit takes a whole number, at least 1.');
      const { client, close } = await temporalFor(context.env);
      try {
        // A run that cannot go on is the answer, not something to log.
        Runtime.install({
          logger: new DefaultLogger('ERROR', () => {}),
          telemetryOptions: { logging: { filter: 'error', forward: {} } },
        });
        const bundle = await bundleWorkflows();
        const tally = createTally();
        let more = false;
        const thereAreMore = () => void (more = true);
        for await (const impact of findImpact(client, bundle, { journey, limit, thereAreMore })) {
          if (json) context.print(`${tally.all === 0 ? opening : ','}\n${JSON.stringify(impact, undefined, 2)}`);
          tally.add(impact);
        }
        if (journey !== undefined && tally.all === 0 && !more) refuseUnknown(journey);
        if (json) context.print(`${tally.all === 0 ? opening : ''}], "more": ${more} }`);
        else for (const line of tally.told(more)) context.print(line);
        process.exitCode = tally.broken > 0 || more ? 1 : 0;
      } finally {
        await close();
      }
    });
}

/** Of the one JSON object that --json prints, a run at a time: all of them together may be more than fits into memory. */
const opening = '{ "impacts": [';

/** Of a journey that nothing starts any more there may still be runs; without any, the name is most likely mistyped. */
function refuseUnknown(journey: string): void {
  const journeys = Object.values(routes).map(({ starts }): string => starts);
  if (!journeys.includes(journey))
    throw new WrongUse(`There is no journey "${journey}", and no run of one; there are ${journeys.join(', ')}.`);
}
