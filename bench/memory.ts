import { readFileSync } from 'node:fs';

/** What a process holds in memory, in MB, from the text of /proc/PID/status. */
export function residentMb(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1_024;
}

export function readMemory<Name extends string>(pids: Partial<Record<Name, number>>): Record<Name, number> {
  const entries = Object.entries(pids) as [Name, number][];
  return Object.fromEntries(
    entries.map(([name, pid]) => [name, residentMb(readFileSync(`/proc/${pid}/status`, 'utf8'))]),
  ) as Record<Name, number>;
}
