import { execFile, execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';

/** A user that a child process runs as. */
export interface User {
  uid: number;
  gid: number;
}

/**
 * Postgres refuses to run as root. Returns who it runs as instead: the owner of the first of these folders that root
 * does not own, else `nobody`. Returns undefined when this process is not root: the child then runs as this user.
 */
export function serverUser(...folders: string[]): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const folder of folders) {
    const owner = statSync(folder, { throwIfNoEntry: false });
    if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid | 0, gid: owner.gid | 0 };
  }
  return { uid: idOfNobody('-u'), gid: idOfNobody('-g') };
}

/** `| 0`: macOS reports 4294967294, and Node takes -2. */
function idOfNobody(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })) | 0;
}

/** Whether the user may enter the folder, which takes the execute bit of every folder above it as well. */
export function canReach(user: User | undefined, folder: string): Promise<boolean> {
  return succeedsAs(user, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder]);
}

/** Whether the command can be started by the user and exits with 0. */
export async function succeedsAs(
  user: User | undefined,
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  try {
    await promisify(execFile)(command, args, { cwd: '/', env, timeout: 10_000, ...user });
    return true;
  } catch {
    return false;
  }
}
