import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { NotDone } from '../wrong-use.ts';
import type { Change } from './plan.ts';

/** Writes all of it or none: where one file cannot be written, those before it become what they were. */
export function writeAll(root: string, changes: readonly Change[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const change of changes) write(root, change, undo);
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw new NotDone(`Nothing was written: ${(error as Error).message}`, { cause: error });
  }
}

function write(root: string, { file, before, after }: Change, undo: (() => void)[]): void {
  const path = join(root, file);
  const firstFolder = mkdirSync(dirname(path), { recursive: true });
  if (firstFolder !== undefined) undo.push(() => rmSync(firstFolder, { recursive: true, force: true }));
  if (before !== undefined) {
    undo.push(() => writeFileSync(path, before));
    writeFileSync(path, after);
    return;
  }
  // `wx`: a file that came to be since we looked is somebody's, and neither written over nor taken back.
  writeFileSync(path, '', { flag: 'wx' });
  undo.push(() => rmSync(path, { force: true }));
  writeFileSync(path, after);
}
