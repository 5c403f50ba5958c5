import { completeEnvironment } from '../config/secret-files.ts';

/** Aborts on the first SIGTERM or SIGINT: the process finishes what it holds and ends. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));
  return stop.signal;
}

/** The process was told to stop before it was up: no failure. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Waits for something that may take for ever, such as a server that is away; rejects when the process is told to stop. */
export function untilStopped<T>(waiting: Promise<T>, stop: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new Stopped('stopped while waiting'));
    if (stop.aborted) stopped();
    stop.addEventListener('abort', stopped, { once: true });
    waiting.then(resolve, reject).finally(() => stop.removeEventListener('abort', stopped));
  });
}

/** Runs a process's main function; a configuration mistake or a missing server is told in words, not as a stack. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    completeEnvironment(process.env);
    await main();
    process.exit(0);
  } catch (error) {
    if (error instanceof Stopped) process.exit(0);
    const { name, message, stack } = error as Error;
    const expected = ['ConfigError', 'CredentialsError', 'TemplateError', 'StartError'].includes(name);
    process.stderr.write(`${expected ? message : (stack ?? message)}\n`);
    process.exit(1);
  }
}

/** The process cannot start as things are; the message says what to change. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
