import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { type Guarded, spawnGuarded } from '../../local/servers/guarded.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Generous: two cores may start many processes at once, and wait for a server besides that is away for more than a minute. */
const readyWithinMs = 240_000;

export interface LaunchOptions {
  file: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
}

/** One process of the product, compiled. It dies with this process, whatever happens. */
export async function launch({ file, env, logFile }: LaunchOptions): Promise<Guarded> {
  const log = openSync(logFile, 'a');
  try {
    return await spawnGuarded({ command: process.execPath, args: [file], env, cwd: root, output: log });
  } finally {
    closeSync(log);
  }
}

/** Waits for /readyz to say so, or for the process to end. */
export async function readyOrEnded(url: string, ended: () => boolean): Promise<void> {
  for (const deadline = Date.now() + readyWithinMs; !ended(); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`${url} is not ready after ${readyWithinMs / 1_000} s`);
    const reply = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    if (reply?.status === 200) return;
  }
}

/** A process that is started again whenever it ends, as whoever runs it in production does. */
export interface Kept {
  /** How often it ended without being killed. */
  readonly endedByItself: number;
  ready(): Promise<void>;
  /** kill -9; resolves when its successor is ready. */
  kill(awayMs: number): Promise<void>;
  freeze(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export function keepRunning(url: string, start: () => Promise<Guarded>): Kept {
  let child: Guarded | undefined;
  const stopped = new AbortController();
  const { signal: stop } = stopped;
  let awayMs: number | undefined;
  let endedByItself = 0;
  const running = (async () => {
    while (!stop.aborted) {
      child = await start();
      if (stop.aborted) child.signal('SIGKILL'); // told to stop while it was being made
      await child.exited;
      if (!stop.aborted && awayMs === undefined) endedByItself += 1;
      await sleep(awayMs ?? 500, undefined, { signal: stop }).catch(() => undefined);
      awayMs = undefined;
    }
  })();
  return {
    get endedByItself() {
      return endedByItself;
    },
    ready: () => readyOrEnded(url, () => stop.aborted),
    async kill(ms) {
      awayMs = ms;
      child?.signal('SIGKILL');
      await child?.exited;
      await sleep(ms);
      await readyOrEnded(url, () => stop.aborted);
    },
    async freeze(ms) {
      const frozen = child;
      frozen?.signal('SIGSTOP');
      await sleep(ms);
      frozen?.signal('SIGCONT');
    },
    async stop() {
      stopped.abort();
      child?.signal('SIGCONT');
      await child?.end(10_000);
      await running;
    },
  };
}
