import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerFailed } from './errors.ts';
import { spawnGuarded } from './guarded.ts';
import type { Exit, Guarded } from './guarded.ts';
import { childrenOf, standsStill } from './process-tree.ts';
import type { User } from './server-user.ts';
import type { ServerName } from './wheels.ts';

const healthyWithinMs = 30_000;
const stopGraceMs = 10_000;
const startsAgainForMs = 15_000;

/** How to run one server. Made by `redis.ts`, `nats.ts`, `temporal.ts` and `postgres.ts`. */
export interface ServerRecipe {
  name: ServerName;
  binary: string;
  args: string[];
  env?: Record<string, string>;
  /** Who the server runs as, when it is not the user of this process. */
  user?: User | undefined;
  cwd?: string;
  /** How it is asked to stop. Default: SIGTERM. */
  stopSignal?: 'SIGTERM' | 'SIGINT';
  /** A start whose last lines match this is repeated for a while: the reason goes away by itself. */
  startsAgainAfter?: RegExp;
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
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** SIGTERM (or the server's own signal), and SIGKILL after ten seconds. */
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

  const startOnce = async () => {
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
  };
  /** To the server and the processes it has started itself, where the system tells which those are. */
  const signalAll = (signal: 'SIGSTOP' | 'SIGCONT') => {
    if (running === undefined) return;
    running.signal(signal);
    for (const pid of childrenOf(running.pid)) sendSignal(pid, signal);
  };

  return {
    name: recipe.name,
    get pid() {
      return lastPid;
    },
    async start() {
      if (running?.running()) return;
      for (const deadline = Date.now() + startsAgainForMs; ; await sleep(100)) {
        try {
          return await startOnce();
        } catch (error) {
          const passes = error instanceof ServerFailed && recipe.startsAgainAfter?.test(error.message);
          if (!passes || Date.now() > deadline) throw error;
        }
      }
    },
    async kill(signal) {
      if (running === undefined) return;
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
        signalAll(signal);
        if (signal === 'SIGSTOP') await standsStill([running.pid, ...childrenOf(running.pid)]);
        return;
      }
      wanted = false;
      const children = childrenOf(running.pid);
      running.signal(signal);
      // Frozen ones would never notice that their parent has ended.
      for (const pid of children) sendSignal(pid, 'SIGCONT');
      await running.exited;
    },
    async stop() {
      wanted = false;
      // A stopped process would not see the signal.
      signalAll('SIGCONT');
      await running?.end(stopGraceMs);
    },
  };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended a moment ago.
  }
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
      user: recipe.user,
      ...(recipe.cwd !== undefined && { cwd: recipe.cwd }),
      ...(recipe.stopSignal !== undefined && { stopSignal: recipe.stopSignal }),
      output: log,
    });
  } finally {
    closeSync(log);
  }
}

function pick(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
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
