import { cpSync, existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { CannotStart } from './errors.ts';
import { reachableFolder } from './reachable-folder.ts';
import type { User } from './server-user.ts';
import { succeedsAs } from './server-user.ts';

/** The programs of Postgres, where the user that runs them can reach them. */
export interface PostgresProgram {
  postgres: string;
  initdb: string;
  /** What they need in their environment. */
  env: Record<string, string>;
}

/** Copies a fetched package to a folder that the user can reach when it cannot reach the one in the project. */
export async function postgresProgram(
  binary: string,
  user: User | undefined,
  log: (line: string) => void,
): Promise<PostgresProgram> {
  const own = programAt(realpathSync(binary));
  if (await runs(own, user)) return own;

  const native = packageFolder(own.postgres);
  if (user === undefined || native === undefined) throw new CannotStart(`${binary} does not run on this machine.`);
  const copy = await copyPackage(dirname(native), user);
  const copied = programAt(join(copy, relative(dirname(native), own.postgres)));
  if (!(await runs(copied, user))) throw new CannotStart(`User ${user.uid} cannot run ${copied.postgres}.`);
  log(`User ${user.uid}, which runs Postgres, cannot reach ${binary}: it runs a copy in ${copy}.`);
  return copied;
}

const runs = ({ postgres, env }: PostgresProgram, user: User | undefined) =>
  succeedsAs(user, postgres, ['--version'], { ...process.env, ...env });

function programAt(postgres: string): PostgresProgram {
  const native = packageFolder(postgres);
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return {
    postgres,
    initdb: join(dirname(postgres), 'initdb'),
    env: native === undefined ? {} : { [variable]: libraryPath(join(native, 'lib'), process.env[variable]) },
  };
}

const libraryPath = (lib: string, inherited: string | undefined) => [lib, inherited].filter(Boolean).join(delimiter);

/** The folder with `bin` and `lib` of a fetched package; a Postgres of the system finds its libraries by itself. */
function packageFolder(postgres: string): string | undefined {
  const folder = join(dirname(postgres), '..');
  return existsSync(join(folder, 'pg-symlinks.json')) ? folder : undefined;
}

async function copyPackage(folder: string, user: User): Promise<string> {
  const place = join(await reachableFolder(user, false), basename(folder));
  if (existsSync(place)) return place;
  const unfinished = `${place}.copying-${process.pid}`;
  try {
    cpSync(folder, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, place);
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return place;
}
