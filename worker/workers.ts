import type { DataConverter } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';

import type { Activities } from '../activities/index.ts';
import { journeyQueue, sendQueue } from '../runtime/task-queues.ts';

/** Longer than one call to the provider may take: a send that has begun is finished, not cut in two. */
const graceMs = 25_000;

/** Local activities at once, over all journeys of one worker: each may be a send of its own. */
const inTurns = 200;

/** Sends under way at once in one worker, on the queue and in workflow turns. */
export function sendsAtOnce({ sendConcurrency }: Pick<WorkerSettings, 'sendConcurrency'>): number {
  return sendConcurrency + inTurns;
}

/**
 * How long a turn stands in line at the worker that has its run at hand. After that the server puts it at the end of the common
 * line, and whoever was due later goes first; with its default of ten seconds, a fifth of a crowd left out of order.
 * It is also how long a turn may wait for a worker that was killed.
 */
const inLineMs = 60_000;

export interface WorkerSettings {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundleOption;
  activities: Activities;
  /** Sends under way at once on the queue. */
  sendConcurrency: number;
  dataConverter?: DataConverter | undefined;
}

/** Journeys and their light activities. */
export function createJourneyWorker(settings: WorkerSettings): Promise<Worker> {
  const { sendEmail: _, ...light } = settings.activities;
  return Worker.create({
    ...shared(settings),
    taskQueue: journeyQueue,
    workflowBundle: settings.workflowBundle,
    activities: light,
    maxCachedWorkflows: 1_000,
    stickyQueueScheduleToStartTimeout: inLineMs,
    maxConcurrentWorkflowTaskExecutions: 100,
    maxConcurrentLocalActivityExecutions: inTurns,
    maxConcurrentActivityTaskExecutions: 50,
  });
}

/** Sending alone. */
export function createSendWorker(settings: Omit<WorkerSettings, 'workflowBundle'>): Promise<Worker> {
  return Worker.create({
    ...shared(settings),
    taskQueue: sendQueue,
    activities: { sendEmail: settings.activities.sendEmail },
    maxConcurrentActivityTaskExecutions: settings.sendConcurrency,
  });
}

function shared({
  connection,
  namespace,
  dataConverter,
}: Pick<WorkerSettings, 'connection' | 'namespace' | 'dataConverter'>) {
  const end = { shutdownGraceTime: graceMs, shutdownForceTime: graceMs + 5_000 };
  return { connection, namespace, ...end, ...(dataConverter && { dataConverter }) };
}
