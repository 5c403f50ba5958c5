import { scenarios } from './scenarios.ts';
import type { Sizes } from './scenario.ts';

// One scenario, in a process of its own that `main.ts` starts. The result goes back as a message.
const [, , name = '', sizes = ''] = process.argv;
const load = scenarios[name];
if (load === undefined || process.send === undefined)
  throw new Error('bench/main.ts starts this, with the name of a scenario.');
const scenario = await load();
try {
  const result = await scenario(JSON.parse(sizes) as Sizes, interruption());
  process.send(result, () => process.exit(0));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** Rejects on Ctrl-C, so that everything is taken down in order. */
function interruption(): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)));
    }
  });
  stopped.catch(() => {});
  return stopped;
}
