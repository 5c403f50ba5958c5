import type { Command } from 'commander';

import type { CliContext } from './context.ts';
import { stillStopping } from './gate.ts';
import { withStore } from './store.ts';
import { describePerson } from './person/describe.ts';
import { everythingAbout, knownAbout } from './person/known.ts';
import { NotDone, WrongUse } from './wrong-use.ts';

export function addPerson(program: Command, context: CliContext): void {
  program
    .command('person')
    .description('show what is known about a person, and why they get mail or not')
    .argument('<user-id>', "the person's id in your system")
    .option('--json', 'as JSON')
    .option('--export', 'everything that is kept about them, as JSON, with their address: what they may ask for')
    .action(async (user: string, { json, export: everything }: { json?: true; export?: true }) => {
      if (user.includes('@')) throw new WrongUse("Give the person's id, not an address.");
      await withStore(context.env, async ({ store, config }) => {
        const known = everything ? await everythingAbout(store, config, user) : await knownAbout(store, config, user);
        if (known === undefined) throw new NotDone(`Nothing is known about ${JSON.stringify(user)}.`);
        if (json || everything) context.print(JSON.stringify(known, undefined, 2));
        else for (const line of [...describePerson(known), ...(await stillStopping(store.stops))]) context.print(line);
      });
    });
}
