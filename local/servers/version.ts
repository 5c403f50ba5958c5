import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { User } from './server-user.ts';

/** The version a binary reports; undefined when it cannot be run (as `user`) or reports nothing like a version. */
export async function versionOf(path: string, user?: User): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000, ...user });
    return /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

export function isAtLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  for (const [index, need] of minimum.split('.').map(Number).entries()) {
    const part = have[index] ?? 0;
    if (part !== need) return part > need;
  }
  return true;
}
