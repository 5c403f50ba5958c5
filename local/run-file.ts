import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsVariables } from '../config/nats-access.ts';
import { isAlive } from './servers/data-lock.ts';

/** What `npm start` is running, for commands in other terminals. */
export interface RunFile {
  pid: number;
  /** Unix milliseconds. */
  startedAt: number;
  urls: {
    nats: string;
    redis: string;
    /** With the password, when it is the user's own server. */
    postgres: string;
    /** `host:port`, as Temporal's clients want it. */
    temporal: string;
    temporalUi: string;
    inbox: string;
    /** Absent where an earlier `npm start` wrote the file, or the project has no preview. */
    preview?: string;
    /** The public pages of the ingress. */
    ingress: string;
    ingressHealth: string;
    worker: string;
  };
}

const runFile = (root: string) => join(root, '.rivulet/run.json');
const secretFile = (root: string) => join(root, '.rivulet/secret');

/** What is running in this clone; undefined when nothing is, or when it died without cleaning up. */
export function readRunFile(root: string): RunFile | undefined {
  if (!existsSync(runFile(root))) return undefined;
  try {
    const run = JSON.parse(readFileSync(runFile(root), 'utf8')) as RunFile;
    return isAlive(run.pid, run.startedAt) ? run : undefined;
  } catch {
    return undefined;
  }
}

export function writeRunFile(root: string, run: RunFile): void {
  mkdirSync(join(root, '.rivulet'), { recursive: true });
  const unfinished = `${runFile(root)}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, runFile(root));
}

/** Removes the file if it is this process's own. */
export function removeRunFile(root: string): void {
  if (readRunFile(root)?.pid === process.pid) rmSync(runFile(root), { force: true });
}

/** The environment of a command: what is set stays, what is not set comes from the running system. */
export function withRunningSystem(root: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const run = readRunFile(root);
  if (run === undefined) return env;
  const secret = existsSync(secretFile(root)) ? readFileSync(secretFile(root), 'utf8').trim() : undefined;
  return {
    // A login in .env is for another NATS: this one asks for none.
    ...Object.fromEntries(natsVariables.map((name) => [name, ''])),
    NATS_URL: run.urls.nats,
    REDIS_URL: run.urls.redis,
    POSTGRES_URL: run.urls.postgres,
    TEMPORAL_ADDRESS: run.urls.temporal,
    TEMPORAL_NAMESPACE: 'rivulet',
    PUBLIC_URL: run.urls.ingress,
    ...(secret === undefined ? {} : { RIVULET_SECRET: secret }),
    ...env,
  };
}
