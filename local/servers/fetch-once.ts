import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isAlive } from './data-lock.ts';

/** Long enough for 44 MB over a slow line; the package managers' own time-outs end a dead one earlier. */
const longestDownload = 15 * 60_000;

/**
 * Creates `<folder>/<name>` with what `fetch` puts into `result`. All work happens in a separate folder that is renamed
 * at the very end: what is interrupted is never used, and two processes that fetch at once both end with the same files.
 */
export async function fetchOnce(
  folder: string,
  name: string,
  fetch: (work: string, result: string) => Promise<void>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);
  const work = join(folder, `fetching-${process.pid}-${randomBytes(4).toString('hex')}`);
  const result = join(work, 'result');
  await mkdir(result, { recursive: true });
  try {
    await fetch(work, result);
    await moveInto(result, join(folder, name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Work folders of processes that were killed while fetching. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^fetching-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function moveInto(result: string, place: string): Promise<void> {
  try {
    await rename(result, place);
  } catch (error) {
    // Another process was quicker; its files passed the same checks.
    if (!existsSync(place)) throw error;
  }
}

export async function hashOf(file: string, algorithm: 'sha256' | 'sha512'): Promise<Buffer> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest();
}

/** Runs a command to its end. Throws when it is not installed. */
export async function runToEnd(
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: longestDownload });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return new Promise((done, failed) => {
    child.on('close', (code) => done({ code, output }));
    child.on('error', (error: NodeJS.ErrnoException) =>
      failed(
        error.code === 'ENOENT' ? new Error(`not on PATH, and ${command}, which would fetch it, is not either`) : error,
      ),
    );
  });
}
