import { runMain } from '../runtime/stop-signal.ts';
import { checkWorker } from './check.ts';
import { runWorker } from './run-worker.ts';

await runMain(() => (process.argv.includes('--check') ? checkWorker() : runWorker()));
