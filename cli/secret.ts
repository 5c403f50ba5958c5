import type { Command } from 'commander';

import { loadConfig } from '../config/load.ts';
import { type Rotated, rotateSecret, type RotationSecrets, rotationSize } from '../store/postgres/secret-rotation.ts';
import { withPostgres } from './connect/postgres.ts';
import type { CliContext } from './context.ts';
import { NotDone, WrongUse } from './wrong-use.ts';

export function addSecret(program: Command, context: CliContext): void {
  const secret = program.command('secret').description('replace the secret that addresses are hashed with');
  secret
    .command('rotate')
    .description('move everything from hashes under RIVULET_SECRET_PREVIOUS to those under RIVULET_SECRET')
    .option('--confirm', 'do it; without this, show what would be done')
    .action((options: { confirm?: true }) => rotate(context, options));
}

async function rotate({ env, print }: CliContext, { confirm }: { confirm?: true }): Promise<void> {
  const secrets = bothSecrets(env);
  await withPostgres(env, async (postgres) => {
    if (!confirm) {
      print(`People with an address: ${await rotationSize(postgres)}. Each gets another hash, with its suppressions.`);
      print(preconditions);
      throw new WrongUse('Nothing was done. To rotate: rivulet secret rotate --confirm');
    }
    const rotated = await rotateSecret(postgres, secrets);
    if (!rotated) throw new NotDone(notThisOne);
    for (const line of report(rotated)) print(line);
  });
}

function bothSecrets(env: NodeJS.ProcessEnv): RotationSecrets {
  if (!env['RIVULET_SECRET'] || !env['RIVULET_SECRET_PREVIOUS']) {
    throw new WrongUse('Set RIVULET_SECRET to the new secret and RIVULET_SECRET_PREVIOUS to the one before.');
  }
  const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous = '' } = loadConfig(env).environment;
  if (secret.toLowerCase() === previous.toLowerCase()) {
    throw new WrongUse('RIVULET_SECRET and RIVULET_SECRET_PREVIOUS are the same: there is nothing to rotate.');
  }
  return { secret, previous };
}

const preconditions =
  'Before: every worker and ingress must run with both variables set. One that knows the previous secret alone would not find the suppressions that have moved.';

const notThisOne =
  'RIVULET_SECRET_PREVIOUS is not the secret of this installation, or another rotation is not complete yet. Nothing was done.';

function report({ people, suppressions, strangers }: Rotated): string[] {
  return [
    `People with another hash now: ${people}; suppressions moved with them: ${suppressions}.`,
    'Keep RIVULET_SECRET_PREVIOUS set: links in emails that were sent before are signed with it.',
    ...(strangers > 0
      ? [
          `Suppressed addresses of no known person: ${strangers}. Those under the previous secret are found only while it is set.`,
        ]
      : []),
  ];
}
