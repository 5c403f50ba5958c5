import { readFileSync } from 'node:fs';

import type { Command } from 'commander';

import type { Person } from '../simulation/simulate.ts';
import { composeEvent } from './compose-event.ts';
import { configFor } from './config-for.ts';
import type { CliContext } from './context.ts';
import { NotDone, WrongUse } from './wrong-use.ts';

interface SimulateOptions {
  person?: string;
  on: string[];
  from?: string;
  set: string[];
  json?: true;
}

export function addSimulate(program: Command, context: CliContext): void {
  program
    .command('simulate')
    .description('show what a journey would do for somebody, over days and months, at once; needs no server')
    .argument('<journey>', 'such as onboarding')
    .option('--person <file>', 'who it is, as JSON; else Ada in Berlin, who has agreed to every topic')
    .option('--on <when: what>', 'something that happens meanwhile; may be repeated', collect, [])
    .option('--from <time>', 'when it starts, where the person is, such as 2026-11-24T10:00')
    .option('--set <field=value>', 'a field of the event that starts the journey; may be repeated', collect, [])
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  rivulet simulate onboarding --on "day 3: project.created"
  rivulet simulate onboarding --person ada.json --on "day 2 14:30: opts out of onboarding"
  rivulet simulate cart-recovery --set total=250 --on "3 hours: provider is away for 2 hours" --on "day 3: order.completed"
  rivulet simulate trial-ending --set trial_ends_at=2026-12-20 --on 'day 10: trial.extended {"trial_ends_at": "2027-01-10T18:00"}'

ada.json, of which all may be left out:
  { "user_id": "ada", "name": "Ada", "email": "ada@example.com", "time_zone": "Europe/Berlin", "locale": "de", "country": "DE",
    "plan": "free", "topics": ["onboarding"], "payload": { "plan": "pro" } }

A field that an event needs and that nobody gives is made up; the calendar says which. An event of --on without a payload has what
the start has by the same name, such as cart_id. A moment may be given in Unix milliseconds or as a date: 2028-03-10 is that day at
00:00, 2028-03-10T18:00 that time, where the person is then, or in UTC where that is not known; 2028-03-10T18:00Z tells its own zone.

What can happen: events such as "project.created" or 'order.completed {"order_id": "o_1", "total": 5, "currency": "EUR"}',
"opts out", "opts out of <topic>", "bounces", "complains", "clicks <template>", "moves to <time zone>",
"provider throttles for 3 hours", "provider is away for 2 hours", "worker restarts", "is cancelled".
When: "day 3", "day 3 14:30", "2 hours", "2026-12-24 18:00".

Exit code 1: the journey failed, or never ended.`,
    )
    .action((journey: string, options: SimulateOptions) => show(context, journey, options));
}

async function show(context: CliContext, journey: string, options: SimulateOptions): Promise<void> {
  // Loaded only here: bundling and the sandbox would slow down the start of every other command.
  const { routeOf, simulate } = await import('../simulation/simulate.ts');
  const { config } = configFor(context.env);
  try {
    const { startedBy } = routeOf(journey);
    const { payload } = composeEvent(startedBy, { user: 'somebody', set: options.set });
    const person = options.person === undefined ? ada(Object.keys(config.topics)) : read(options.person);
    const { on, from } = options;
    const terms = { on, config, payload: payload as Record<string, unknown>, ...(from !== undefined && { from }) };
    const calendar = await simulate(journey, person, terms);
    context.print(options.json ? JSON.stringify(calendar, undefined, 2) : String(calendar));
    if (calendar.ended !== 'returned' && calendar.ended !== 'cancelled') process.exitCode = 1;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'WrongSimulation') throw new WrongUse(message);
    if (name === 'TemplateError' || name === 'NotSimulated') throw new NotDone(message);
    throw error;
  }
}

function ada(topics: string[]): Person {
  return { user_id: 'ada', name: 'Ada', email: 'ada@example.com', time_zone: 'Europe/Berlin', country: 'DE', topics };
}

function read(file: string): Person {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new WrongUse(`${file} cannot be read. Give --person the path of a JSON file`);
  }
  try {
    return JSON.parse(text) as Person;
  } catch (error) {
    throw new WrongUse(`${file} is not valid JSON: ${(error as Error).message}`);
  }
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
