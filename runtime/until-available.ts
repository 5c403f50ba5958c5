import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from './log.ts';

const againMs = 1_000;

/** Errors that waiting does not mend: of the configuration, of what was shipped, and of the code. */
const permanent = new Set([
  'ConfigError',
  'StartError',
  'TemplateError',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
]);

/**
 * Repeats `work` until it succeeds: a dependency that is unavailable at the start of a process is waited for, however long that
 * takes. Logs each reason once. Throws what waiting does not mend: errors of configuration and code, and those that `isRefusal`
 * says are the dependency's answer. `work` must be safe to repeat and end by itself.
 */
export async function untilAvailable<T>(
  dependency: string,
  work: () => Promise<T>,
  log: Pick<Logger, 'warn'>,
  isRefusal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let logged = ''; ; await sleep(againMs)) {
    try {
      return await work();
    } catch (error) {
      const { name, message } = error as Error;
      if (permanent.has(name) || isRefusal(error)) throw error;
      if (message !== logged) log.warn({ dependency, err: error }, 'dependency.unavailable');
      logged = message;
    }
  }
}
