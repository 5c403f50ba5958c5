import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

/** Where `npm run build` puts the bundle: beside the compiled worker. */
export const bundleFile = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/**
 * The journeys as the workflow sandbox loads them: prebuilt in production, bundled now when running from source.
 */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  return existsSync(bundleFile) ? { codePath: bundleFile } : bundleWorkflows();
}

export function bundleWorkflows() {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(
      new URL(`../workflows/index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    ),
    logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: console.warn, error: console.error },
  });
}

function quiet(): void {}
