import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Guarded, spawnGuarded } from '../local/servers/guarded.ts';
import { natsLogin } from '../local/servers/nats.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { type Program, type ProgramName, programs, root } from './processes.ts';
import type { Plan } from './stage.ts';

export interface Starter {
  /** Starts one, and gives back its process id when it is ready. */
  start(name: ProgramName, queueRedisUrl: string): Promise<number>;
  urlOf(name: ProgramName): string;
  /** Ends one with SIGKILL, on purpose. */
  kill(name: ProgramName): void;
  /** Rejects when one ends by itself; never resolves. */
  broken: Promise<never>;
  /** Ends all, the last first. */
  end(): Promise<void>;
}

/** Starts the bench's programs in `folder`, each on a port of its own. */
export async function createStarter(
  folder: string,
  { programs: names, files, tls }: Pick<Plan, 'programs' | 'files' | 'tls'>,
  env: NodeJS.ProcessEnv,
): Promise<Starter> {
  const wanted = Object.fromEntries(names.map((name) => [name, undefined])) as Record<ProgramName, undefined>;
  const ports = await choosePorts(wanted, 'free');
  const urlOf = (name: ProgramName) => `http://127.0.0.1:${ports[name]}`;
  const running = new Map<ProgramName, Guarded>();
  let ending = false;
  let breakDown: (error: Error) => void = () => {};
  const broken = new Promise<never>((_, reject) => (breakDown = reject));
  broken.catch(() => {});
  return {
    urlOf,
    broken,
    async start(name, queueRedisUrl) {
      const program: Program = { ...programs[name], ...(files?.[name] && { file: files[name] }) };
      const logFile = join(folder, `${name}.log`);
      const own = {
        ...portsFor(name, ports[name]),
        AWS_ENDPOINT_URL_SESV2: tls?.url ?? urlOf(name === 'queueWorker' ? 'queueSes' : 'ses'),
        ...(name === 'queueWorker' && { REDIS_URL: queueRedisUrl }),
        ...(['ingress', 'otherIngress'].includes(name) && natsLogin('ingress', env['NATS_URL'] ?? '')),
        ...(name === 'ses' && natsLogin('ses-stand-in', env['NATS_URL'] ?? '')),
        // Without NATS it tells nobody what became of a mail, so that no ingress works for the mails of BullMQ.
        ...(name === 'queueSes' && { NATS_URL: '' }),
      };
      const child = await run(program.file, { ...env, ...own }, logFile);
      running.set(name, child);
      void child.exited.then(() => {
        if (!ending && running.get(name) === child)
          breakDown(new Error(`${program.file} ended by itself:\n${tail(logFile)}`));
      });
      if (program.ready !== undefined) {
        await Promise.race([becomeReady(`${urlOf(name)}${program.ready}`, logFile), broken]);
      }
      return child.pid;
    },
    kill(name) {
      const child = running.get(name);
      running.delete(name);
      child?.signal('SIGKILL');
    },
    async end() {
      ending = true;
      for (const child of [...running.values()].toReversed()) await child.end(30_000);
    },
  };
}

/** Its output goes to a file: reading it here would be counted as work of the bench. */
async function run(file: string, env: NodeJS.ProcessEnv, logFile: string): Promise<Guarded> {
  const output = openSync(logFile, 'a');
  try {
    return await spawnGuarded({ command: process.execPath, args: ['--import', 'tsx', file], env, cwd: root, output });
  } finally {
    closeSync(output);
  }
}

/** Long enough for a machine that is busy with other work. */
const readyMs = 600_000;

async function becomeReady(url: string, logFile: string): Promise<void> {
  for (const deadline = Date.now() + readyMs; ; await sleep(100)) {
    const reply = await fetch(url).catch(() => undefined);
    if (reply?.status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url} was not ready within ${readyMs / 1_000} s:\n${tail(logFile)}`);
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
}

/** Worker and ingress are asked at their health port; the pages of an ingress are on any other. */
function portsFor(name: ProgramName, port: number): Record<string, string> {
  return /ingress|^worker$/i.test(name) ? { HEALTH_PORT: String(port), HTTP_PORT: '0' } : { HTTP_PORT: String(port) };
}
