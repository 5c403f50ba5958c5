import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

import { connectWorker } from '../worker/temporal-connection.ts';
import type { Nothings } from './floor-run.ts';

// The same sizes as worker/workers.ts, so that the difference is what the product does and not how it is set up.
Runtime.install({ logger: new DefaultLogger('WARN') });
const namespace = process.env['TEMPORAL_NAMESPACE']!;
const connection = await connectWorker({ address: process.env['TEMPORAL_ADDRESS']!, namespace });
const shared = { connection, namespace };
const activities = { nothing: async () => void (done = { count: done.count + 1, lastAt: Date.now() }) };
let done: Nothings = { count: 0, lastAt: 0 };
const workers = await Promise.all([
  Worker.create({
    ...shared,
    taskQueue: 'floor',
    workflowsPath: fileURLToPath(new URL('./floor-workflow.ts', import.meta.url)),
    activities,
    maxCachedWorkflows: 1_000,
    stickyQueueScheduleToStartTimeout: 60_000,
    maxConcurrentWorkflowTaskExecutions: 100,
    maxConcurrentLocalActivityExecutions: 200,
    maxConcurrentActivityTaskExecutions: 50,
  }),
  Worker.create({
    ...shared,
    taskQueue: 'floor-activities',
    activities,
    maxConcurrentActivityTaskExecutions: 100,
  }),
]);

// As the SES stand-in does for the product: how many there were, and when the last one was.
const page = createServer(({ method }, reply) => {
  if (method === 'DELETE') done = { count: 0, lastAt: 0 };
  reply.end(JSON.stringify(done));
}).listen(Number(process.env['HTTP_PORT']), '127.0.0.1');

await Promise.all(workers.map((worker) => worker.run()));
page.close();
await connection.close();
