import { setTimeout as sleep } from 'node:timers/promises';

import type { NativeConnection, Worker } from '@temporalio/worker';

import type { Logger } from '../runtime/log.ts';
import { createJourneyWorker, createWorkers, type WorkerSettings } from './workers.ts';

/** The workers of this process: they run until they are told to stop. */
export interface Fleet {
  /** Returns when all have stopped, with their work done. Throws when one breaks down. */
  run(): Promise<void>;
  /**
   * Journeys are run from this bundle from now on. What the old worker holds it finishes; the runs move over, by replay,
   * with their next step. Returns when the old one takes no more, at the latest after two seconds.
   */
  replaceJourneys(bundle: WorkerSettings['workflowBundle']): Promise<void>;
  stop(): void;
}

const patienceMs = 2_000;

interface Running {
  worker: Worker;
  ended: Promise<void>;
}

/** `connect` opens one more connection: over one, two workers may not take from the same queue. */
export async function createFleet(
  settings: WorkerSettings,
  connect: () => Promise<NativeConnection>,
  log: Pick<Logger, 'warn'>,
): Promise<Fleet> {
  const [journeyWorker, sendWorker] = await createWorkers(settings);
  let journeys: Running | undefined;
  let stopping = false;

  const untilTheLastEnds = async () => {
    for (let watched = journeys; ; watched = journeys) {
      await watched?.ended.catch((error: unknown) => {
        if (watched === journeys) throw error;
      });
      if (watched === journeys) return;
    }
  };
  return {
    async run() {
      journeys = begin(journeyWorker);
      await Promise.all([sendWorker.run(), untilTheLastEnds()]);
    },
    async replaceJourneys(workflowBundle) {
      const connection = await connect();
      const next = await createJourneyWorker({ ...settings, connection, workflowBundle });
      const old = journeys;
      journeys = begin(next, () => connection.close());
      if (stopping) end(next);
      if (!old) return;
      end(old.worker);
      // The old one's end is nobody's failure any more: what it could not finish is tried again by the new one.
      const drained = old.ended.catch((error: unknown) => log.warn({ err: error }, 'replaced worker did not drain'));
      await Promise.race([drained, sleep(patienceMs, undefined, { ref: false })]);
    },
    stop() {
      stopping = true;
      if (journeys) end(journeys.worker);
      end(sendWorker);
    },
  };
}

function begin(worker: Worker, after?: () => Promise<void>): Running {
  const ended = runThen(worker, after);
  ended.catch(() => undefined); // told by whoever waits for it, which may begin later
  return { worker, ended };
}

async function runThen(worker: Worker, after?: () => Promise<void>): Promise<void> {
  try {
    await worker.run();
  } finally {
    await after?.();
  }
}

function end(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
