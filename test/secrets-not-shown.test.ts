import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { addDeadLetters } from '../cli/dead-letters/command.ts';
import { addGate } from '../cli/gate.ts';
import { addInDoubt } from '../cli/in-doubt/command.ts';
import { addMigrate } from '../cli/migrate.ts';
import { addPause } from '../cli/pause.ts';
import { addPeople } from '../cli/people.ts';
import { addPerson } from '../cli/person.ts';
import { addPublish } from '../cli/publish.ts';
import { addRuns } from '../cli/runs.ts';
import { addSeedTest } from '../cli/seed-test/command.ts';
import { addSuppressions } from '../cli/suppressions.ts';
import { addTemplates } from '../cli/templates/command.ts';
import { addWhyEvent } from '../cli/why-event.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { secret } from './support/secrets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rivulet-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In every spelling of a secret below, and in nothing else. */
const marker = /hunter2|huntr2/;

/** Nobody listens at port 1. Each row is one environment: what people write, rightly or wrongly. */
const spellings: Record<string, string[]> = {
  NATS_URL: [
    'nats://riv:hunter2@127.0.0.1:1',
    'nats://hunter2@127.0.0.1:1',
    'nats://riv:pa/hunter2@127.0.0.1:1',
    'nats://riv:p@hunter2@127.0.0.1:1',
    'nats://riv:p,hunter2@127.0.0.1:1',
    'riv:hunter2@127.0.0.1:1',
    'hunter2@127.0.0.1:1',
    'tls://riv:hunter2#1@127.0.0.1:1',
    'nats://127.0.0.1:1?password=hunter2',
    'nats://a:hunter2@127.0.0.1:1,nats://b:hunter2@127.0.0.1:2',
  ],
  POSTGRES_URL: [
    'postgres://riv:hunter2@127.0.0.1:1/db',
    'postgres://riv:p@hunter2@127.0.0.1:1/db',
    'postgres://riv:pa/hunter2@127.0.0.1:1/db',
    'postgres://127.0.0.1:1/db?user=riv&password=hunter2',
    'postgres://riv:huntr%32hunter2@127.0.0.1:1/db',
    'postgres://riv:p#hunter2@127.0.0.1:1/db',
    'riv:hunter2@127.0.0.1:1/db',
    'mysql://riv:hunter2@127.0.0.1:1/db',
    'postgres://riv:hunter2@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=/nowhere',
    'postgres://riv:hunter2@127.0.0.1:port/db',
  ],
  REDIS_URL: [
    'redis://:hunter2@127.0.0.1:1',
    'redis://:pa,hunter2@127.0.0.1:1',
    'redis://127.0.0.1:1/0?password=hunter2',
    'redis://u:p@hunter2@127.0.0.1:1',
    'rediss://u:hunter2@127.0.0.1:1',
    'redis+sentinel://u:hunter2@127.0.0.1:1/mail',
    'redis+cluster://u:hunter2@127.0.0.1:1',
    'u:hunter2@127.0.0.1:1',
    'http://u:hunter2@127.0.0.1:1',
    'hunter2',
  ],
  TEMPORAL_ADDRESS: [
    'riv:hunter2@127.0.0.1:1',
    'hunter2@127.0.0.1:1',
    'https://riv:hunter2@127.0.0.1:1',
    '127.0.0.1:1/hunter2',
    'riv:pa/hunter2@127.0.0.1:1',
    '127.0.0.1:1',
    '127.0.0.1:1',
    '127.0.0.1:1',
    '127.0.0.1:1',
    '127.0.0.1:1',
  ],
  SMTP_URL: [
    'smtp://riv:hunter2@127.0.0.1:1',
    'smtp://riv:p@hunter2@127.0.0.1:1',
    'smtps://riv:pa/hunter2@127.0.0.1:1',
    'riv:hunter2@127.0.0.1:1',
    'http://riv:hunter2@127.0.0.1:1',
    'hunter2',
    'smtp://127.0.0.1:1?password=hunter2',
    'smtp://riv:hunter2@127.0.0.1:port',
    'smtp://riv:hunter2@127.0.0.1:1',
    'smtp://riv:hunter2@127.0.0.1:1',
  ],
};
const rows: Record<string, string>[] = Array.from({ length: 10 }, (_, row) =>
  Object.fromEntries(Object.entries(spellings).map(([name, values]) => [name, values[row] ?? ''])),
);
const others = { RIVULET_CONFIG: join(root, 'rivulet.yaml'), RIVULET_SECRET: secret };

/** Everything that a command in this process prints, and the messages with which it ends, over all these environments at once. */
async function said(add: (program: Command, context: never) => void, argv: string[], envs: NodeJS.ProcessEnv[]) {
  const lines: string[] = [];
  const write = (text: unknown) => lines.push(String(text)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write));
  const run = async (env: NodeJS.ProcessEnv) => {
    const program = new Command('rivulet').exitOverride();
    add(program, { root, env: { ...env, ...others }, print: write } as never);
    await program.parseAsync(argv, { from: 'user' });
  };
  const ends = await Promise.allSettled(envs.map(run));
  for (const spy of spies) spy.mockRestore();
  process.exitCode = undefined;
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
  return { text: [...lines, ...errors.map(({ stack }) => stack)].join('\n'), failed: errors.length };
}

const commands: [string, (program: Command, context: never) => void, string[]][] = [
  ['publish', addPublish, ['publish', 'user.signed_up', '--user', 'u_1', '--email', 'ada@example.com']],
  ['dead-letters', addDeadLetters, ['dead-letters', 'list']],
  ['person', addPerson, ['person', 'u_1']],
  ['people', addPeople, ['people', 'import', join(root, 'package.json')]],
  ['why-event', addWhyEvent, ['why-event', 'e_1']],
  ['suppressions', addSuppressions, ['suppressions', 'export']],
  ['pause', addPause, ['pause', '--list']],
  ['gate', addGate, ['gate', 'list']],
  ['in-doubt', addInDoubt, ['in-doubt', 'list']],
  ['templates', addTemplates, ['templates', 'list']],
  ['migrate', addMigrate, ['migrate']],
  ['runs', addRuns, ['runs', '--user', 'u_1']],
  ['seed-test', addSeedTest, ['seed-test', 'receipt']],
];

describe('no secret is shown', () => {
  it.each(commands)(
    'by %s, whatever is wrong with the address of its server',
    async (_, add, argv) => {
      const { text, failed } = await said(add, argv, rows);
      expect(failed).toBe(rows.length);
      expect(text).not.toMatch(marker);
    },
    120_000,
  );

  /** The first lines of a process that finds no server, or its last ones. */
  async function outputOf(file: string, args: string[], env: NodeJS.ProcessEnv, enough: RegExp): Promise<string> {
    const ports = { HTTP_PORT: '0', HEALTH_PORT: '0', NODE_NO_WARNINGS: '1' };
    const child = spawn(process.execPath, [file, ...args], {
      cwd: root,
      env: { PATH: process.env['PATH'], ...ports, ...others, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += String(text);
        if (enough.test(output)) child.kill('SIGKILL');
      });
    }
    await once(child, 'close');
    return output;
  }

  it('by doctor, which shows all of them at once', async () => {
    const outputs = await Promise.all(
      [...rows.keys()].map((row) => outputOf(compiledCli, ['doctor'], rows[row] ?? {}, /never/)),
    );
    for (const output of outputs) {
      expect(output).toMatch(/wrong|mistake/);
      expect(output).not.toMatch(marker);
    }
  }, 120_000);

  it.each(['dist/ingress/main.js', 'dist/worker/main.js'])(
    'by %s, at its most talkative',
    async (file) => {
      const debug = { LOG_LEVEL: 'trace', NO_COLOR: '1' };
      for (const row of [0, 4, 5]) {
        const output = await outputOf(file, [], { ...rows[row], ...debug }, /dependency\.unavailable/);
        expect(output).toMatch(/unavailable|mistake|environment/);
        expect(output).not.toMatch(marker);
      }
    },
    120_000,
  );

  it('of variables that are wrong in themselves', async () => {
    const wrong = {
      RIVULET_SECRET: 'hunter2',
      RIVULET_SECRET_PREVIOUS: 'hunter2',
      PUBLIC_URL: 'http://riv:hunter2@mail.example.com',
      HEALTH_PORT: 'hunter2',
      FEEDBACK_QUEUE_URL: 'hunter2',
    };
    const output = await outputOf('dist/worker/main.js', [], wrong, /never/);
    expect(output).toContain('mistakes');
    expect(output).not.toMatch(marker);
  });
});
