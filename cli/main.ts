import { fileURLToPath } from 'node:url';

import { Command } from 'commander';

import { withRunningSystem } from '../local/run-file.ts';
import type { CliContext } from './context.ts';
import { addDemo } from './demo.ts';
import { addPublish } from './publish.ts';
import { addRuns } from './runs.ts';
import { addStart } from './start.ts';
import { WrongUse } from './wrong-use.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const context: CliContext = {
  root,
  env: withRunningSystem(root, process.env),
  print: (line) => process.stdout.write(`${line}\n`),
};

const program = new Command('rivulet')
  .description('Durable, event-driven email journeys.')
  .showHelpAfterError('(rivulet --help lists the commands)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    '\nServers are found through NATS_URL, REDIS_URL and TEMPORAL_ADDRESS, else through the `npm start` running in this folder.' +
      '\nExit codes: 0 done, 1 failed (a server is away, a mail did not come), 2 wrong use; nothing was done then.',
  );

addStart(program, context);
addDemo(program, context);
addPublish(program, context);
addRuns(program, context);

try {
  await program.parseAsync();
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.exit(exitCode(error));
}

/** Tells what is wrong, in words; only a mistake of our own shows its stack. */
function exitCode(error: unknown): number {
  const { code, name, message, stack, exitCode: given } = error as Error & { code?: string; exitCode?: number };
  if (code?.startsWith('commander.')) return given === 0 ? 0 : 2; // commander has told already
  const expected =
    error instanceof WrongUse || ['ConfigError', 'CannotStart', 'StartError', 'ServerAway'].includes(name);
  process.stderr.write(`${expected ? message : (stack ?? message)}\n`);
  return error instanceof WrongUse ? 2 : 1;
}
