import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';

/**
 * The journeys' bundle in this file: made by the first who asks, read by all workers that are started later. A worker that
 * bundles for itself costs two seconds of a core. Two who ask at once make the same one, and the renaming leaves no half.
 */
export async function workflowBundleIn(file: string): Promise<string> {
  if (existsSync(file)) return file;
  const { bundleWorkflows } = await import('../../worker/bundle.ts');
  const { code } = await bundleWorkflows();
  const unfinished = `${file}.${randomUUID()}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, file);
  return file;
}
