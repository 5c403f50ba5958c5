import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { vi } from 'vitest';

import type { Activities } from '../../activities/index.ts';
import { createLog } from '../../runtime/log.ts';
import { connectTemporal, provisionTemporal } from '../../runtime/temporal.ts';
import { createJourneyWorker, createSendWorker } from '../../worker/workers.ts';
import { quietActivities } from './quiet-activities.ts';

/** Workers of a namespace of their own, whose activities mail nobody. */
export interface QuietWorker {
  client: Client;
  namespace: string;
  /** Ends the workers; the server and its runs stay. */
  shutdown(): Promise<void>;
  close(): Promise<void>;
}

/** `activities` is asked at each call, so that the world may change between two runs. */
export async function startQuietWorker(
  address: string,
  bundle: { code: string },
  activities: () => Activities = () => quietActivities(),
): Promise<QuietWorker> {
  const namespace = `quiet-${randomUUID().slice(0, 8)}`;
  const provisioner = await connectTemporal({ address, namespace }, createLog('worker', 'error'));
  // A namespace made this instant is not yet known everywhere in Temporal.
  await vi.waitFor(() => provisionTemporal(provisioner, namespace, true), { timeout: 30_000, interval: 200 });
  await provisioner.connection.close();
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const settings = {
    connection: native,
    namespace,
    workflowBundle: bundle,
    activities: askedAtEachCall(activities),
    sendConcurrency: 5,
  };
  const workers = [await createJourneyWorker(settings), await createSendWorker(settings)];
  const running = Promise.all(workers.map((worker) => worker.run()));
  let ended: Promise<unknown> | undefined;
  const shutdown = async () => {
    if (!ended) for (const worker of workers) worker.shutdown();
    await (ended ??= running);
  };
  return {
    client: new Client({ connection, namespace }),
    namespace,
    shutdown,
    async close() {
      await shutdown();
      await native.close();
      await connection.close();
    },
  };
}

function askedAtEachCall(activities: () => Activities): Activities {
  type Any = Record<string, (...args: unknown[]) => unknown>;
  const call =
    (name: string) =>
    (...args: unknown[]) =>
      (activities() as unknown as Any)[name]?.(...args);
  return Object.fromEntries(Object.keys(activities()).map((name) => [name, call(name)])) as unknown as Activities;
}
