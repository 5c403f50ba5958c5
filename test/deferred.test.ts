import { randomUUID } from 'node:crypto';

import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { orderCompleted, person } from './support/events.ts';
import { quietActivities } from './support/quiet-activities.ts';
import { type QuietWorker, startQuietWorker } from './support/quiet-worker.ts';
import { sharedWorkflowBundle } from './support/workflow-bundle.ts';

let worker: QuietWorker;
/** By the clock of the worker's activities, which is five seconds behind that of the server, the window opens at this moment. */
const opens = Date.now() - 1;
let opensHereAt = Infinity;
let asked = 0;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const activities = quietActivities({
    async sendEmailInline({ template }) {
      asked += 1;
      const outcome = Date.now() < opensHereAt ? 'deferred' : 'sent';
      return { outcome, template, version: 'v', ...(outcome === 'deferred' && { until: opens }) };
    },
  });
  worker = await startQuietWorker(inject('servers').temporal, await sharedWorkflowBundle(), () => activities);
}, 120_000);
afterAll(() => worker.close(), 60_000);

it('a worker whose clock is behind the server’s is asked a few times, not for as long as it is behind', async () => {
  opensHereAt = Date.now() + 5_000;
  const handle = await worker.client.workflow.start('receipt', {
    workflowId: randomUUID(),
    taskQueue: 'journeys',
    args: [orderCompleted(person('ada'))],
  });
  expect(await handle.result()).toBe('sent');
  expect(asked).toBeLessThanOrEqual(5); // after 0, 1, 3 and 7 seconds
  expect((await handle.fetchHistory()).events?.length).toBeLessThan(40);
});
