import { chown, copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Their folders must exist, and what is in them belongs to the running server, or is not needed (Postgres docs, 26.3.4). */
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const leftOut = /^(postmaster\.(pid|opts)|pgsql_tmp.*|pg_internal\.init.*|current_logfiles)$/;

/** Copies the data folder of a Postgres that is in backup mode. Files may vanish meanwhile: the WAL brings them back. */
export async function copyCluster(source: string, target: string, owner: { uid: number; gid: number }): Promise<void> {
  await mkdir(target, { mode: 0o700 });
  await chown(target, owner.uid, owner.gid);
  for (const name of await namesIn(source)) {
    if (leftOut.test(name)) continue;
    const [from, to] = [join(source, name), join(target, name)];
    const found = await lstat(from).catch(ignoreGone);
    if (found?.isDirectory()) {
      if (emptied.has(name)) await makeEmpty(to, owner);
      else await copyCluster(from, to, owner);
    } else if (found?.isFile()) {
      await copyFile(from, to).catch(ignoreGone);
      await chown(to, owner.uid, owner.gid).catch(ignoreGone);
    }
  }
}

async function makeEmpty(folder: string, owner: { uid: number; gid: number }): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, owner.uid, owner.gid);
}

const namesIn = async (folder: string) => (await readdir(folder).catch(ignoreGone)) ?? [];

function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
