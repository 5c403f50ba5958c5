import { readFileSync } from 'node:fs';

import { childrenOf } from '../local/servers/process-tree.ts';

/** What a process holds in memory, in MB, from the text of /proc/PID/status. */
export function residentMb(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1_024;
}

/** The same where memory shared by several processes counts once, divided among them; from the text of /proc/PID/smaps_rollup. */
export function proportionalMb(rollup: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1_024;
}

export function readMemory<Name extends string>(pids: Partial<Record<Name, number>>): Record<Name, number> {
  const entries = Object.entries(pids) as [Name, number][];
  return Object.fromEntries(
    entries.map(([name, pid]) => [name, name === 'postgres' ? familyMb(pid) : residentMb(read(pid, 'status'))]),
  ) as Record<Name, number>;
}

/** Postgres has a process for each connection, and all of them share its buffers. */
function familyMb(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + proportionalMb(read(each, 'smaps_rollup')), 0);
}

/** Empty once the process has ended. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
