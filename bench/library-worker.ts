import { fileURLToPath } from 'node:url';

import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

import type { Activities } from '../activities/index.ts';

// One process for both journeys, so that whatever slows it slows both. Each has its own thread and its own bundle: what
// loading the library costs a run is counted. The sizes are those of worker/workers.ts.
const activities: Pick<Activities, 'checkConsent' | 'renderEmail' | 'sendEmail'> = {
  checkConsent: async () => 'may_send',
  renderEmail: async () => ({ version: 'v', subject: 's', content: 'c' }),
  sendEmail: async () => ({ outcome: 'sent' }),
};

Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! });
const shared = { connection, namespace: process.env['TEMPORAL_NAMESPACE']!, activities };
const journeys = (taskQueue: string, file: string) =>
  Worker.create({
    ...shared,
    taskQueue,
    workflowsPath: fileURLToPath(new URL(file, import.meta.url)),
    maxCachedWorkflows: 1_000,
    maxConcurrentWorkflowTaskExecutions: 100,
    maxConcurrentLocalActivityExecutions: 200,
  });
const workers = await Promise.all([
  journeys('library', '../workflows/journeys/onboarding.ts'),
  journeys('bare', './library-bare.ts'),
  Worker.create({ ...shared, taskQueue: 'email-send', maxConcurrentActivityTaskExecutions: 100 }),
]);
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
