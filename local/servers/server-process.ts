import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerFailed } from './errors.ts';
import { spawnGuarded } from './guarded.ts';
import type { Exit, Guarded } from './guarded.ts';
import type { ServerName } from './wheels.ts';

const healthyWithinMs = 30_000;
const stopGraceMs = 10_000;

/** How to run one server. Made by `redis.ts`, `nats.ts` and `temporal.ts`. */
export interface ServerRecipe {
  name: ServerName;
  binary: string;
  args: string[];
  env?: Record<string, string>;
  logFile: string;
  /** False while it is not ready yet; a throw counts as false. */
  healthy: (pid: number) => Promise<boolean>;
  /** What the server cannot be told by a flag, done once it is healthy. */
  afterStart?: () => Promise<void>;
}

export interface ServerExit extends Exit {
  name: ServerName;
  lastLines: string[];
}

/** One server: started, signalled and started again, on the same ports and the same data. */
export interface Server {
  readonly name: ServerName;
  /** Of the running process, or of the last one. */
  readonly pid: number;
  /** Starts it when it is not running, and returns when it is healthy. */
  start(): Promise<void>;
  /** Sends a signal, and returns when it has worked: the process is gone, or stands still. Nobody is told of such a death. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** SIGTERM, and SIGKILL after ten seconds. */
  stop(): Promise<void>;
}

export function serverProcess(
  recipe: ServerRecipe,
  onExit: (exit: ServerExit) => void,
  onSpawn: (pid: number) => void = () => {},
): Server {
  let running: Guarded | undefined;
  let lastPid = 0;
  let wanted = false;

  return {
    name: recipe.name,
    get pid() {
      return lastPid;
    },
    async start() {
      if (running?.running()) return;
      const child = await launch(recipe);
      running = child;
      lastPid = child.pid;
      wanted = true;
      onSpawn(child.pid);
      try {
        await becomeHealthy(recipe, child);
        await recipe.afterStart?.();
      } catch (error) {
        wanted = false;
        await child.end(0);
        throw error;
      }
      void child.exited.then((exit) => {
        if (wanted && running === child) onExit({ name: recipe.name, ...exit, lastLines: lastLines(recipe) });
      });
    },
    async kill(signal) {
      if (running === undefined) return;
      const ends = signal === 'SIGKILL' || signal === 'SIGTERM';
      if (ends) wanted = false;
      running.signal(signal);
      if (ends) await running.exited;
      if (signal === 'SIGSTOP') await standsStill(running.pid);
    },
    async stop() {
      wanted = false;
      // A stopped process would not see SIGTERM.
      running?.signal('SIGCONT');
      await running?.end(stopGraceMs);
    },
  };
}

async function launch(recipe: ServerRecipe): Promise<Guarded> {
  mkdirSync(join(recipe.logFile, '..'), { recursive: true });
  const log = openSync(recipe.logFile, 'a');
  try {
    return await spawnGuarded({
      command: recipe.binary,
      args: recipe.args,
      // Nothing of the user's environment: no secret for a server that needs none, no variable that changes its mind.
      env: { ...pick(process.env, ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG']), ...recipe.env },
      output: log,
    });
  } finally {
    closeSync(log);
  }
}

function pick(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

/**
 * The kernel stops the threads of a process one by one, and on a busy machine a server may answer once more in between.
 * Where there is no /proc there is nothing to look at.
 */
async function standsStill(pid: number): Promise<void> {
  const tasks = `/proc/${pid}/task`;
  while (existsSync(tasks) && !readdirSync(tasks).every((task) => stopped(`${tasks}/${task}/stat`))) await sleep(5);
}

/** The state stands behind the command's name, which is in brackets and may hold anything. */
function stopped(stat: string): boolean {
  try {
    return readFileSync(stat, 'utf8').split(') ').at(-1)?.startsWith('T') ?? false;
  } catch {
    return false; // this thread has ended
  }
}

async function becomeHealthy(recipe: ServerRecipe, child: Guarded): Promise<void> {
  const deadline = Date.now() + healthyWithinMs;
  while (!(await recipe.healthy(child.pid).catch(() => false))) {
    if (!child.running()) throw failed(recipe, 'ended while starting');
    if (Date.now() > deadline) throw failed(recipe, `is not healthy after ${healthyWithinMs / 1000} s`);
    await sleep(20);
  }
}

function failed(recipe: ServerRecipe, what: string): ServerFailed {
  const lines = lastLines(recipe);
  const portTaken = lines.some((line) => /address already in use|port.*already in use/i.test(line));
  return new ServerFailed(
    [`${recipe.name} ${what}. Its last lines (${recipe.logFile}):`, ...lines.map((line) => `  ${line}`)].join('\n'),
    portTaken,
  );
}

function lastLines(recipe: ServerRecipe): string[] {
  try {
    return readFileSync(recipe.logFile, 'utf8').trimEnd().split('\n').slice(-15);
  } catch {
    return [];
  }
}
