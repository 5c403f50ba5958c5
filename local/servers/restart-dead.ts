import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit } from '../supervise.ts';
import type { Server, ServerExit } from './server-process.ts';

/** A server that dies more often than this within a minute is not worth another try. */
const mostDeaths = 5;
const withinMs = 60_000;
const betweenTriesMs = 1_000;

export interface RestartDeadOptions {
  log: (line: string) => void;
  /** Gets the exit of a server that cannot be kept running. */
  giveUp: (exit: ServerExit) => void;
  /** Nothing is restarted once this is aborted. */
  stopping: AbortSignal;
}

/** Restarts servers that died by themselves, on the same ports and the same data. */
export function createRestartDead({ log, giveUp, stopping }: RestartDeadOptions) {
  const deaths = new Map<string, number[]>();
  const mayRestart = (name: string) => {
    const recent = [...(deaths.get(name) ?? []), Date.now()].filter((at) => at > Date.now() - withinMs);
    deaths.set(name, recent);
    return recent.length <= mostDeaths;
  };

  return async (server: Server, exit: ServerExit): Promise<void> => {
    if (!stopping.aborted) log(`${describeExit(exit)}\nRestarting ${exit.name} ...`);
    while (!stopping.aborted) {
      if (!mayRestart(exit.name)) return giveUp(exit);
      try {
        await server.start();
        return log(`${exit.name} is running again.`);
      } catch (error) {
        if (!stopping.aborted) log((error as Error).message);
        await sleep(betweenTriesMs, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  };
}
