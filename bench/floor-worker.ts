import { fileURLToPath } from 'node:url';

import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

// The same sizes as worker/workers.ts, so that the difference is what the product does and not how it is set up.
Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! });
const shared = { connection, namespace: process.env['TEMPORAL_NAMESPACE']! };
const workers = await Promise.all([
  Worker.create({
    ...shared,
    taskQueue: 'floor',
    workflowsPath: fileURLToPath(new URL('./floor-workflow.ts', import.meta.url)),
    maxCachedWorkflows: 1_000,
    maxConcurrentWorkflowTaskExecutions: 100,
  }),
  Worker.create({
    ...shared,
    taskQueue: 'floor-activities',
    activities: { nothing: async () => {} },
    maxConcurrentActivityTaskExecutions: 100,
  }),
]);
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
