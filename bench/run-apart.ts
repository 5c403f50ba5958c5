import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Result, Sizes } from './scenario.ts';

/** One scenario in a process of its own. Rejects when it ends without a result; it has then said why. */
export function runApart(name: string, sizes: Sizes): Promise<Result> {
  const file = fileURLToPath(new URL('./run-scenario.ts', import.meta.url));
  const child = fork(file, [name, JSON.stringify(sizes)], { execArgv: ['--import', 'tsx'] });
  // Ctrl-C reaches both: the scenario takes its processes down, and this one waits for it.
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const wait = () => {};
  process.on('SIGINT', wait).on('SIGTERM', passOn);
  return new Promise<Result>((resolve, reject) => {
    let result: Result | undefined;
    child.on('message', (message) => (result = message as Result));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (result !== undefined) resolve(result);
      else reject(new Error(`The scenario ${name} ended without a result (exit code ${code}).`));
    });
  }).finally(() => process.off('SIGINT', wait).off('SIGTERM', passOn));
}
