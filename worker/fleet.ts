import { setTimeout as sleep } from 'node:timers/promises';

import { type NativeConnection, TransportError, type Worker } from '@temporalio/worker';

import type { Logger } from '../runtime/log.ts';
import { untilAvailable } from '../runtime/until-available.ts';
import { createJourneyWorker, createSendWorker, type WorkerSettings } from './workers.ts';

/** The workers of this process: they run until they are stopped. */
export interface Fleet {
  /** Returns when all have stopped, with their work done. Throws when one fails. */
  run(): Promise<void>;
  /**
   * Runs journeys from this bundle from now on. The old worker finishes what it holds; runs move to the new one, by replay, with
   * their next step. Returns when the old one polls no more, at the latest after two seconds. Throws when a worker cannot be
   * created from the bundle; the old one keeps running then.
   *
   * A worker that fails later, because its journeys use up all memory for instance, is replaced by one of the bundle before.
   */
  replaceJourneys(bundle: Bundle): Promise<void>;
  /** Moves every worker to a connection that is opened now, with the certificates and keys of now. Nothing is interrupted. */
  renewConnections(): Promise<void>;
  stop(): void;
}

export interface FleetOptions {
  settings: Omit<WorkerSettings, 'connection' | 'workflowBundle'>;
  bundle: Bundle;
  /** Opens one more connection: over one, two workers may not poll the same queue. */
  connect: () => Promise<NativeConnection>;
  log: Pick<Logger, 'warn' | 'error'>;
}

type Bundle = WorkerSettings['workflowBundle'];

const patienceMs = 2_000;

interface JourneyWorker {
  created: OnConnection<Worker>;
  /** Rejects when the worker fails. */
  ended: Promise<void>;
  /** What ran before it. */
  replaced?: Bundle;
  bundle: Bundle;
}

/** Waits as long as Temporal is unavailable. Throws when no worker can be created from the bundle. */
export async function createFleet({ settings, bundle, connect, log }: FleetOptions): Promise<Fleet> {
  let journeys: JourneyWorker | undefined;
  let stopping = false;

  const isRefusal = (error: unknown) => stopping || !(error instanceof TransportError);
  const create = <T>(from: (connection: NativeConnection) => Promise<T>) =>
    untilAvailable('temporal', () => onConnection(connect, from), log, isRefusal);
  const createJourneys = (workflowBundle: Bundle) => (connection: NativeConnection) =>
    createJourneyWorker({ ...settings, connection, workflowBundle });

  const first = await create(createJourneys(bundle));
  const sending = await create((connection) => createSendWorker({ ...settings, connection }));
  const begin = (created: OnConnection<Worker>, of: Bundle, replaced?: Bundle) => {
    const ended = runToEnd(created);
    ended.catch(() => undefined); // reported by `untilTheLastEnds`, which may begin later
    journeys = { created, ended, bundle: of, ...(replaced !== undefined && { replaced }) };
    if (stopping) end(created.made);
  };

  const untilTheLastEnds = async () => {
    for (let watched = journeys; watched;) {
      try {
        await watched.ended;
      } catch (error) {
        if (watched === journeys) await revert(watched, error);
      }
      if (watched === journeys) return;
      watched = journeys;
    }
  };

  /** Journeys that were saved a moment ago are no reason to be without a worker. */
  const revert = async (failed: JourneyWorker, error: unknown) => {
    const { replaced } = failed;
    if (replaced === undefined || stopping) throw error;
    log.error({ err: error }, 'journeys.reverted');
    const created = await create(createJourneys(replaced));
    if (journeys === failed) begin(created, replaced);
    else await discard(created); // other journeys were saved meanwhile
  };

  return {
    async run() {
      begin(first, bundle);
      await Promise.all([runToEnd(sending), untilTheLastEnds()]);
    },
    async replaceJourneys(next) {
      const created = await onConnection(connect, createJourneys(next));
      const old = journeys;
      begin(created, next, old?.bundle);
      if (!old) return;
      end(old.created.made);
      // The old one's end is no failure of the fleet: the new one retries what it did not finish.
      const drained = old.ended.catch((error: unknown) => log.warn({ err: error }, 'journeys.not_drained'));
      await Promise.race([drained, sleep(patienceMs, undefined, { ref: false })]);
    },
    async renewConnections() {
      for (const created of journeys ? [journeys.created, sending] : [sending]) await renew(created, connect);
    },
    stop() {
      stopping = true;
      if (journeys) end(journeys.created.made);
      end(sending.made);
    },
  };
}

interface OnConnection<T> {
  made: T;
  connection: NativeConnection;
}

async function onConnection<T>(
  connect: () => Promise<NativeConnection>,
  make: (connection: NativeConnection) => Promise<T>,
): Promise<OnConnection<T>> {
  const connection = await connect();
  try {
    return { made: await make(connection), connection };
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
}

async function runToEnd(created: OnConnection<Worker>): Promise<void> {
  try {
    await created.made.run();
  } finally {
    await created.connection.close();
  }
}

async function renew(created: OnConnection<Worker>, connect: () => Promise<NativeConnection>): Promise<void> {
  const [old, next] = [created.connection, await connect()];
  if (created.made.getState() !== 'RUNNING') return next.close();
  created.made.connection = next;
  created.connection = next;
  await old.close();
}

/** A worker has no other end than one after it ran. */
async function discard(created: OnConnection<Worker>): Promise<void> {
  const ended = runToEnd(created);
  end(created.made);
  await ended;
}

function end(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
