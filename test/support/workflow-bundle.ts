import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

import { inject } from 'vitest';

/**
 * The journeys' bundle in this file: made by the first who asks, read by all workers that are started later. A worker that
 * bundles for itself costs two seconds of a core. Two who ask at once make the same one, and the renaming leaves no half.
 */
export async function workflowBundleIn(file: string): Promise<string> {
  return madeOnce(file, async () => (await import('../../worker/bundle.ts')).bundleWorkflows());
}

/** The same for a worker in this process. */
export async function sharedWorkflowBundle(): Promise<{ code: string }> {
  return { code: readFileSync(await workflowBundleIn(inject('workflowBundle') ?? ''), 'utf8') };
}

/** A bundle of other journeys that several files of the suite run. */
export async function sharedBundle(name: string, bundle: () => Promise<{ code: string }>): Promise<{ code: string }> {
  return { code: readFileSync(await madeOnce(`${inject('workflowBundle') ?? ''}.${name}`, bundle), 'utf8') };
}

async function madeOnce(file: string, bundle: () => Promise<{ code: string }>): Promise<string> {
  if (existsSync(file)) return file;
  const { code } = await bundle();
  const unfinished = `${file}.${randomUUID()}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, file);
  return file;
}
