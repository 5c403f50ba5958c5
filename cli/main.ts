import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

import { Command } from 'commander';

import { withRunningSystem } from '../local/run-file.ts';
import type { CliContext } from './context.ts';
import { addDemo } from './demo.ts';
import { addDoctor } from './doctor.ts';
import { addGate } from './gate.ts';
import { addImpact } from './impact.ts';
import { addNew } from './new-journey/command.ts';
import { addPause, addResume } from './pause.ts';
import { addPerson } from './person.ts';
import { addPublish } from './publish.ts';
import { addRuns } from './runs.ts';
import { addSimulate } from './simulate.ts';
import { addStart } from './start.ts';
import { addSuppressions } from './suppressions.ts';
import { addWhyEvent } from './why-event.ts';
import { WrongUse } from './wrong-use.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const context: CliContext = {
  root,
  // Worker and ingress read .env too: a pause must reach the Redis that they use.
  env: {
    ...(existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {}),
    ...withRunningSystem(root, process.env),
  },
  print: (line) => process.stdout.write(`${line}\n`),
};

const program = new Command('rivulet')
  .description('Durable, event-driven email journeys.')
  .showHelpAfterError('(rivulet --help lists the commands)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    '\nServers are found through NATS_URL, REDIS_URL and TEMPORAL_ADDRESS, else through the `npm start` running in this folder,\nelse through .env.' +
      '\nExit codes: 0 done, 1 failed (a server is away, a mail did not come, something is wrong), 2 wrong use; nothing was done then.',
  );

addStart(program, context);
addDemo(program, context);
addImpact(program, context);
addNew(program, context);
addPublish(program, context);
addRuns(program, context);
addSimulate(program, context);
addPerson(program, context);
addWhyEvent(program, context);
addSuppressions(program, context);
addPause(program, context);
addResume(program, context);
addGate(program, context);
addDoctor(program, context);

try {
  await program.parseAsync();
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.exit(exitCode(error));
}

/** Tells what is wrong, in words; only a mistake of our own shows its stack. */
function exitCode(error: unknown): number {
  const { code, name, message, stack, exitCode: given } = error as Error & { code?: unknown; exitCode?: number };
  if (typeof code === 'string' && code.startsWith('commander.')) return given === 0 ? 0 : 2; // commander has told already
  const expected =
    error instanceof WrongUse || ['ConfigError', 'CannotStart', 'StartError', 'ServerAway', 'NotDone'].includes(name);
  process.stderr.write(`${expected ? message : (stack ?? message)}\n`);
  return error instanceof WrongUse ? 2 : 1;
}
