import { type Command, InvalidArgumentError } from 'commander';

import { collect } from '../collect.ts';
import type { CompiledTemplate } from '../../templates/compiled.ts';
import { configFor } from '../config-for.ts';
import { natsFor, orMissingPermission } from '../connect/nats.ts';
import { temporalFor } from '../connect/temporal.ts';
import type { CliContext } from '../context.ts';
import { withStore } from '../store.ts';
import { NotDone } from '../wrong-use.ts';
import { composeSeeds, type Seed, type SeedOptions, startOf } from './compose-seeds.ts';
import { hearFeedback } from './hear-feedback.ts';
import { runSeed, type Step } from './run-seed.ts';

interface Options extends SeedOptions {
  patience: number;
  json?: true;
}

export function addSeedTest(program: Command, context: CliContext): void {
  program
    .command('seed-test')
    .description(
      'take each address of `seeds` (rivulet.yaml) through a journey on the running system, its waits skipped',
    )
    .argument('<journey>', 'such as onboarding')
    .option(
      '--set <field=value>',
      'a field of the payload; may be repeated. Default: the sample of its template',
      collect,
      [],
    )
    .option('--locale <locale>', 'the language of the seeds, BCP 47')
    .option('--time-zone <zone>', 'where the seeds are, IANA')
    .option('--patience <seconds>', 'how long each step may take', seconds, 30)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The mails are real ones: they leave by the provider that the workers use, and count towards its quota. Each seed is a new
person, who has agreed to the topic of the journey. Exit code 1 when a step was not as it should be.`,
    )
    .action((journey: string, options: Options) => seedTest(context, journey, options));
}

async function seedTest(context: CliContext, journey: string, options: Options): Promise<void> {
  const { env, print } = context;
  const { config } = configFor(env);
  startOf(journey);
  if (config.seeds.length === 0) throw new NotDone('rivulet.yaml has no `seeds`: there is nobody to send to.');
  const [nats, temporal] = await Promise.all([natsFor(env), temporalFor(env)]);
  try {
    const feedback = await hearFeedback(nats.connection);
    const reports = await withStore(env, async ({ store: { entries, templates: versions } }) => {
      const template = async (name: string, version: string) =>
        (await versions.load(name, version)) as CompiledTemplate | undefined;
      const live = await Promise.all([...(await versions.live())].map((one) => template(...one)));
      const seeds = composeSeeds(
        journey,
        config,
        live.filter((one) => one !== undefined),
        options,
      );
      const publish = async (event: Seed['event']) => {
        const subject = `marketing.events.${event.event_type}`;
        const { stream, seq } = await nats.js.publish(subject, JSON.stringify(event), { msgID: event.event_id });
        return `${stream} #${seq}`;
      };
      const servers = {
        client: temporal.client,
        publish,
        decision: (event: string) => entries.find(event),
        template,
        feedback,
        patienceMs: options.patience * 1_000,
      };
      return Promise.all(seeds.map(async (seed) => ({ seed, steps: await runSeed(servers, seed) })));
    });
    if (options.json) print(JSON.stringify(reports.map(inJson), undefined, 2));
    else for (const report of reports) tell(print, report);
    const wrong = reports.flatMap(({ steps }) => steps).filter(({ well }) => !well).length;
    if (wrong > 0) throw new NotDone(`${wrong} of the steps went wrong.`);
    if (!options.json) print(`${journey}: ${reports.length} seeds, all well`);
  } catch (error) {
    throw orMissingPermission(error);
  } finally {
    await Promise.all([nats.close(), temporal.close()]);
  }
}

interface Report {
  seed: Seed;
  steps: Step[];
}

function tell(print: (line: string) => void, { seed, steps }: Report): void {
  print(`${seed.address}  (${seed.user}, run ${seed.event.event_id})`);
  for (const { what, well, says } of steps) print(`  ${well ? 'ok  ' : 'FAIL'}  ${what.padEnd(9)}  ${says}`);
  print('');
}

function inJson({ seed: { address, user, event }, steps }: Report) {
  return { address, user, run: event.event_id, well: steps.every(({ well }) => well), steps };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 3_600) {
    throw new InvalidArgumentError('seconds, from 1 to 3600');
  }
  return value;
}
