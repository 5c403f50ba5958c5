import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The journeys of the bench, as the product's worker takes them. */
export async function journeysBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./journeys.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  return code;
}
