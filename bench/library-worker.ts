import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';

import type { Activities } from '../activities/index.ts';
import { connectWorker } from '../worker/temporal-connection.ts';
import { createJourneyWorker, createSendWorker } from '../worker/workers.ts';

// The product's workers with one journey, the file that is named, and activities that do nothing. The bundle holds no other
// journey: what loading the library costs a run is counted, and what loading its neighbours costs is not.
const [, , file = ''] = process.argv;
const needed: Pick<Activities, 'sendEmail' | 'sendEmailInline'> = {
  sendEmail: async () => ({ outcome: 'sent' }),
  sendEmailInline: async ({ template }) => ({ outcome: 'sent', template }),
};

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });
const namespace = process.env['TEMPORAL_NAMESPACE']!;
const connection = await connectWorker({ address: process.env['TEMPORAL_ADDRESS']!, namespace });
const settings = {
  connection,
  namespace,
  workflowBundle: await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL(file, import.meta.url)), logger }),
  activities: needed as Activities,
  sendConcurrency: 100,
};
const workers = [await createJourneyWorker(settings), await createSendWorker(settings)];
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
