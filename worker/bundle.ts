import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode } from '@temporalio/worker';

/** Where `npm run build` puts the bundle: beside the compiled worker. */
const bundleFile = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/**
 * The journeys as the workflow sandbox loads them: prebuilt in production, bundled now when running from source.
 */
export async function workflowBundle(): Promise<{ code: string }> {
  return existsSync(bundleFile) ? { code: readFileSync(bundleFile, 'utf8') } : bundleWorkflows();
}

/**
 * The templates that journeys name where they call `sendEmail`. The compiler checks every name; a worker that runs from
 * source was not compiled, and must not find out at somebody's mail.
 */
export function templatesNamedIn({ code }: { code: string }): string[] {
  return [...code.matchAll(/\.sendEmail\)\(\s*(['"])([^'"]+)\1/g)].map(([, , name = '']) => name);
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
