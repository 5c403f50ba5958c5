import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './data-lock.ts';
import { CannotStart } from './errors.ts';
import { spawnGuarded } from './guarded.ts';
import { dataElsewhere } from './postgres-elsewhere.ts';
import type { User } from './server-user.ts';
import { canReach } from './server-user.ts';

export interface DataOptions {
  /** The folder of all servers' data; Postgres has `postgres` in it. */
  dataDir: string;
  durable: boolean;
  user: User | undefined;
  initdb: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
}

/** The major version that wrote the data of Postgres; undefined when there is none. */
export function majorOfData(dataDir: string): string | undefined {
  const file = join(dataDir, 'postgres', 'PG_VERSION');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Returns the path of Postgres's data folder, for the server to use; runs `initdb` when there is none yet. */
export async function postgresData(options: DataOptions): Promise<string> {
  const { dataDir, user, durable, log } = options;
  mkdirSync(dataDir, { recursive: true });
  // Made by us, for our servers: another user may pass through, and still cannot list what is in it.
  if (user !== undefined) chmodSync(dataDir, statSync(dataDir).mode | 0o011);

  const own = join(realpathSync(dataDir), 'postgres');
  if (await canReach(user, realpathSync(dataDir))) {
    if (!existsSync(own)) await initialise(own, options);
    removeStalePidFile(realpathSync(own));
    return realpathSync(own);
  }
  const other = await dataElsewhere({ own, user: user!, durable, create: (place) => initialise(place, options) });
  log(`User ${user!.uid}, which runs Postgres, cannot reach ${dataDir}: the data of Postgres is in ${other}.`);
  removeStalePidFile(other);
  return other;
}

/** Creates a database cluster. It is made beside its place and renamed, so that half of one is never used. */
async function initialise(place: string, { user, durable, initdb, env }: DataOptions): Promise<void> {
  removeUnfinished(place);
  const unfinished = `${place}.initializing-${randomBytes(4).toString('hex')}`;
  mkdirSync(unfinished, { mode: 0o700 });
  if (user !== undefined) chownSync(unfinished, user.uid, user.gid);

  const lines: string[] = [];
  const flags = [
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    ...(durable ? [] : ['--no-sync']),
  ];
  const child = await spawnGuarded({
    command: initdb,
    args: [...flags, '--pgdata', unfinished],
    env,
    user,
    cwd: unfinished,
    output: (line) => void lines.push(line),
  });
  const { code } = await child.exited;
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new CannotStart(['postgres: initdb failed:', ...lines.slice(-15).map((line) => `  ${line}`)].join('\n'));
  }
  renameSync(unfinished, place);
  if (durable) syncFolder(dirname(place));
}

/** Of starts that were interrupted. An `initdb` whose parent was killed may still be removing its own files. */
function removeUnfinished(place: string): void {
  for (const name of readdirSync(dirname(place))) {
    if (!name.startsWith(`${basename(place)}.initializing-`)) continue;
    rmSync(join(dirname(place), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/**
 * After a power cut, or in a new container, the process id in the file may belong to any other process, and Postgres would
 * refuse to start. Where the process has ended, Postgres removes the file itself, after a check of its shared memory.
 */
function removeStalePidFile(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pid = 0, , since = 0] = readFileSync(file, 'utf8').split('\n').map(Number);
  if (isAlive(pid) && !(isAlive(pid, since * 1000) && isPostgres(pid))) rmSync(file, { force: true });
}

/** True as well where there is no /proc to ask. */
function isPostgres(pid: number): boolean {
  const name = `/proc/${pid}/comm`;
  return !existsSync(name) || readFileSync(name, 'utf8').startsWith('postgres');
}
