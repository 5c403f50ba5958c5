import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotStart } from './errors.ts';
import type { User } from './server-user.ts';
import { canReach } from './server-user.ts';

/**
 * Returns a folder of root's that `user` can reach. `lasting`: it survives a restart of the machine.
 * Only for a process that runs as root.
 */
export async function reachableFolder(user: User, lasting: boolean): Promise<string> {
  const parents = lasting ? ['/var/lib', '/var/tmp'] : [tmpdir(), '/tmp', '/var/tmp'];
  for (const parent of parents) {
    if (!(await canReach(user, parent))) continue;
    const folder = join(parent, 'rivulet-servers');
    try {
      mkdirSync(folder, { recursive: true });
      refuseForeign(folder);
      chmodSync(folder, 0o755);
      return folder;
    } catch (error) {
      if (error instanceof CannotStart) throw error;
    }
  }
  throw new CannotStart(`User ${user.uid}, which runs Postgres, can reach none of ${parents.join(', ')}.`);
}

/** In a folder where everybody may write, somebody else may have been first. */
function refuseForeign(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new CannotStart(`${folder} is not a folder that only root can write to. Remove it and start again.`);
}
