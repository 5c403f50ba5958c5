import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';

import { StartError } from '../runtime/stop-signal.ts';
import { parseReference } from '../templates/reference.ts';
import { saidByBundler } from './said-by-bundler.ts';

/** Where `npm run build` puts the bundle: beside the compiled worker. */
const bundleFile = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/** Where the journeys lie: as sources, or compiled beside a compiled worker. */
export const workflowsFolder = fileURLToPath(new URL('../workflows', import.meta.url));
export const fromSource = import.meta.url.endsWith('.ts');

/**
 * The journeys as the workflow sandbox loads them: prebuilt in production or in `file`, bundled now when running from
 * source.
 */
export async function workflowBundle(file = bundleFile, converter?: DataConverter): Promise<{ code: string }> {
  if (file !== bundleFile || existsSync(file)) return { code: readFileSync(file, 'utf8') };
  return bundleWorkflows(converter);
}

/**
 * The templates that journeys name where they call `sendEmail`. The compiler checks every name; a worker that runs from
 * source was not compiled, and must not find out at somebody's mail.
 */
export function templatesNamedIn({ code }: { code: string }): string[] {
  return [...code.matchAll(/\.sendEmail\)\(\s*(['"])([^'"]+)\1/g)].map(([, , name = '']) => parseReference(name).name);
}

/** Bundles what `workflows/` holds now. Throws one StartError that says what is wrong, with file and line. */
export async function bundleWorkflows(converter: DataConverter = {}): Promise<{ code: string }> {
  const said: string[] = [];
  const hear = (message: string) => void said.push(message);
  const { payloadConverterPath, failureConverterPath } = converter;
  try {
    return await bundleWorkflowCode({
      ...(payloadConverterPath !== undefined && { payloadConverterPath }),
      ...(failureConverterPath !== undefined && { failureConverterPath }),
      workflowsPath: `${workflowsFolder}/index${fromSource ? '.ts' : '.js'}`,
      logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: hear, error: hear },
    });
  } catch (error) {
    throw new StartError(`The journeys cannot be bundled:\n${saidByBundler(said.join('\n') || String(error))}`);
  }
}

function quiet(): void {}
