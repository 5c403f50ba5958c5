import { runMain } from '../runtime/stop-signal.ts';
import { runWorker } from '../worker/run-worker.ts';
import { refusingInTheTurn } from './patient.ts';

await runMain(() => runWorker(refusingInTheTurn));
