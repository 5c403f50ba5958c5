import type { Command } from 'commander';

import { eventTypes } from '../../events/index.ts';
import { routes } from '../../ingress/routes.ts';
import { configFor } from '../config-for.ts';
import type { CliContext } from '../context.ts';
import { checkWish, type Wish } from './check-wish.ts';
import { planJourney } from './plan.ts';
import { tellNextSteps, tellPlan } from './tell.ts';
import { writeAll } from './write-all.ts';

export function addNew(program: Command, context: CliContext): void {
  program
    .command('new')
    .description('lay down the files of something new')
    .command('journey')
    .description('lay down a new journey: event, code, route, template and test')
    .argument('<name>', 'in kebab-case, such as trial-ending')
    .requiredOption('--on <event-type>', 'the event that starts it, such as trial.started; a new type gets a schema')
    .option('--topic <topic>', 'what its mails are about, one of the topics of rivulet.yaml. Default: the first')
    .option('--transactional', 'its mails go to everybody, whatever they have subscribed to')
    .option('--listens-for <event-type>', 'an event that makes its second mail needless')
    .option('--dry-run', 'say what would be made, and make nothing')
    .addHelpText(
      'after',
      `
Examples:
  rivulet new journey seminar-follow-up --on seminar.booked --topic onboarding
  rivulet new journey seminar-follow-up --on seminar.booked --listens-for seminar.attended --dry-run`,
    )
    .action((name: string, options: Omit<Wish, 'name'> & { dryRun?: true }) => newJourney(context, name, options));
}

function newJourney({ root, env, print }: CliContext, name: string, options: Omit<Wish, 'name'> & { dryRun?: true }) {
  const topics = Object.keys(configFor(env).config.topics);
  const { dryRun, ...wish } = options;
  const journey = checkWish({ ...wish, name }, { root, eventTypes, routes, topics });
  const changes = planJourney(root, journey);
  if (!dryRun) writeAll(root, changes);
  tellPlan(print, changes, dryRun === true);
  if (!dryRun) tellNextSteps(print, journey);
}
