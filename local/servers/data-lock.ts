import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataInUse } from './errors.ts';

interface Holder {
  pid: number;
  since: number;
  /** Process ids of the servers that write to the folder. */
  servers: number[];
}

/** A folder that only this process may use. */
export interface DataLock {
  /** Notes which servers write to the folder, so that the next holder can wait for the last of them. */
  record(servers: number[]): void;
  release(): void;
}

/** True while a process with this id exists. Since the time given, when that is known: ids come round again after a boot. */
export function isAlive(pid: number, since = Date.now()): boolean {
  const booted = Date.now() - uptime() * 1000;
  if (since < booted) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Takes the folder for this process. Throws `DataInUse` while another process holds it.
 * When the last holder was killed, its servers may still be closing their files: waits for them.
 */
export async function lockData(dataDir: string): Promise<DataLock> {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'lock.json');
  const mine: Holder = { pid: process.pid, since: Date.now(), servers: [] };

  for (let attempt = 0; attempt < 5; attempt++) {
    if (create(file, mine)) {
      return {
        record: (servers) => writeFileSync(file, JSON.stringify({ ...mine, servers })),
        release: () => rmSync(file, { force: true }),
      };
    }
    const holder = read(file);
    if (holder === undefined) continue;
    if (isAlive(holder.pid, holder.since)) throw inUse(dataDir, holder.pid);
    await waitForServers(dataDir, holder);
    rmSync(file, { force: true });
  }
  throw new DataInUse(`${dataDir} is being taken by several processes at once. Start one of them.`, process.pid);
}

/** Whole at once: a file that somebody else is still writing looks like one that a crash has cut off. */
function create(file: string, holder: Holder): boolean {
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, JSON.stringify(holder));
  try {
    linkSync(whole, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(whole, { force: true });
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // Gone meanwhile, or cut off by a crash: nobody holds it.
    rmSync(file, { force: true });
    return undefined;
  }
}

async function waitForServers(dataDir: string, holder: Holder): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (const pid of holder.servers) {
    while (isAlive(pid, holder.since)) {
      if (Date.now() > deadline) throw inUse(dataDir, pid);
      await sleep(50);
    }
  }
}

function inUse(dataDir: string, pid: number): DataInUse {
  return new DataInUse(`The data in ${dataDir} is in use by process ${pid}. Stop that one first.`, pid);
}
