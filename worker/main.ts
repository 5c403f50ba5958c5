import { runMain } from '../runtime/stop-signal.ts';
import { runWorker } from './run-worker.ts';

await runMain(() => runWorker());
