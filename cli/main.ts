import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';

import { completeEnvironment } from '../config/secret-files.ts';
import type { CliContext } from './context.ts';
import { WrongUse } from './wrong-use.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The production image has neither the local servers nor the sources of journeys and templates. */
const inCheckout = existsSync(new URL('../local', import.meta.url));

type Commands = Record<string, () => Promise<(program: Command, context: CliContext) => void>>;

const ofCheckout: Commands = {
  start: async () => (await import('./start.ts')).addStart,
  demo: async () => (await import('./demo.ts')).addDemo,
  new: async () => (await import('./new-journey/command.ts')).addNew,
  simulate: async () => (await import('./simulate.ts')).addSimulate,
  impact: async () => (await import('./impact.ts')).addImpact,
};

/** Only the command that is asked for is loaded: a `publish` need not wait for the code of `impact`. */
const commands: Commands = {
  ...(inCheckout && ofCheckout),
  migrate: async () => (await import('./migrate.ts')).addMigrate,
  publish: async () => (await import('./publish.ts')).addPublish,
  events: async () => (await import('./events/command.ts')).addEvents,
  runs: async () => (await import('./runs.ts')).addRuns,
  person: async () => (await import('./person.ts')).addPerson,
  people: async () => (await import('./people.ts')).addPeople,
  'why-event': async () => (await import('./why-event.ts')).addWhyEvent,
  suppressions: async () => (await import('./suppressions.ts')).addSuppressions,
  pause: async () => (await import('./pause.ts')).addPause,
  resume: async () => (await import('./pause.ts')).addResume,
  'in-doubt': async () => (await import('./in-doubt/command.ts')).addInDoubt,
  gate: async () => (await import('./gate.ts')).addGate,
  'dead-letters': async () => (await import('./dead-letters/command.ts')).addDeadLetters,
  'seed-test': async () => (await import('./seed-test/command.ts')).addSeedTest,
  capacity: async () => (await import('./capacity/command.ts')).addCapacity,
  templates: async () => (await import('./templates/command.ts')).addTemplates,
  secret: async () => (await import('./secret.ts')).addSecret,
  doctor: async () => (await import('./doctor.ts')).addDoctor,
};

const program = new Command('rivulet')
  .description('Durable, event-driven email journeys.')
  .showHelpAfterError('(rivulet --help lists the commands)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    '\nServers are found through NATS_URL, REDIS_URL, POSTGRES_URL and TEMPORAL_ADDRESS, else through the `npm start`\nrunning in this folder, else through .env.' +
      '\nExit codes: 0 done, 1 failed (a server is away, a mail did not come, something is wrong), 2 wrong use; nothing was done then.',
  );

try {
  const name = process.argv[2] ?? '';
  if (!inCheckout && Object.hasOwn(ofCheckout, name)) {
    throw new WrongUse(
      `rivulet ${name} is not in the production image. Run it in a checkout: npx --no rivulet ${name}`,
    );
  }
  const context = await contextOf(process.env);
  const asked = commands[name];
  for (const load of asked ? [asked] : Object.values(commands)) (await load())(program, context);
  await program.parseAsync();
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.exit(exitCode(error));
}

/** What is set wins, then what `npm start` runs in this folder, then `.env`. */
async function contextOf(env: NodeJS.ProcessEnv): Promise<CliContext> {
  completeEnvironment(env, {});
  const local = inCheckout ? await import('../local/run-file.ts') : undefined;
  const running = local?.readRunFile(root);
  const complete = { ...(local?.withRunningSystem(root, env) ?? env) };
  completeEnvironment(complete);
  return { root, ...(running && { running }), env: complete, print: (line) => process.stdout.write(`${line}\n`) };
}

/** Tells what is wrong, in words; only a mistake of our own shows its stack. */
function exitCode(error: unknown): number {
  const { code, name, message, stack, exitCode: given } = error as Error & { code?: unknown; exitCode?: number };
  if (typeof code === 'string' && code.startsWith('commander.')) return given === 0 ? 0 : 2; // commander has told already
  const expected =
    error instanceof WrongUse ||
    ['ConfigError', 'CannotStart', 'CredentialsError', 'StartError', 'ServerAway', 'NotDone'].includes(name);
  process.stderr.write(`${expected ? message : (stack ?? message)}\n`);
  return error instanceof WrongUse ? 2 : 1;
}
