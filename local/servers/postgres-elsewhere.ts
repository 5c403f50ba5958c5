import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './data-lock.ts';
import { CannotStart } from './errors.ts';
import { reachableFolder } from './reachable-folder.ts';
import type { User } from './server-user.ts';

export interface ElsewhereOptions {
  /** Where the data would be if the user of Postgres could reach it. */
  own: string;
  user: User;
  durable: boolean;
  /** Creates a database cluster at this path. */
  create: (place: string) => Promise<void>;
}

/**
 * Returns a data folder outside the project, for a project that the user of Postgres cannot reach. A symbolic link in
 * the project's data folder leads to it: without the link, what is there belongs to data that was deleted.
 */
export async function dataElsewhere({ own, user, durable, create }: ElsewhereOptions): Promise<string> {
  const linked = targetOf(own);
  if (linked === undefined && existsSync(own)) {
    throw new CannotStart(
      `User ${user.uid}, which runs Postgres, can no longer reach ${own}. Let it pass through every folder above (chmod o+x), or delete the data.`,
    );
  }
  if (linked !== undefined && existsSync(linked)) return linked;

  const folder = await reachableFolder(user, durable);
  removeDeleted(folder);
  const place = join(folder, `postgres-${createHash('sha256').update(own).digest('hex').slice(0, 16)}`);
  rmSync(place, { recursive: true, force: true });
  await create(place);
  writeFileSync(`${place}.json`, JSON.stringify({ link: own }));
  rmSync(own, { force: true });
  symlinkSync(place, own);
  return place;
}

/** Data whose project was deleted, or was given other data. */
function removeDeleted(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/^postgres-[0-9a-f]{16}\.json$/.test(name)) continue;
    const place = join(folder, name.slice(0, -'.json'.length));
    const { link } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { link: string };
    if (targetOf(link) === place || isRunning(place)) continue;
    rmSync(place, { recursive: true, force: true });
    rmSync(join(folder, name), { force: true });
  }
}

function targetOf(link: string): string | undefined {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : undefined;
}

function isRunning(place: string): boolean {
  const file = join(place, 'postmaster.pid');
  return existsSync(file) && isAlive(Number(readFileSync(file, 'utf8').split('\n')[0]));
}
