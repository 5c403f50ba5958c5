import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

import { childrenOf } from '../local/servers/process-tree.ts';

/** Linux counts CPU time for user programs in hundredths of a second, on every machine. */
const msPerTick = 10;

/** User and system time so far, in ms, from the text of /proc/PID/stat. The name in brackets may hold spaces and brackets. */
export function processCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** User and system time so far of children that have ended and were waited for, in ms. */
export function endedChildrenCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * msPerTick;
}

/** What all CPUs of the machine worked so far, in ms, from the text of /proc/stat: all but idling and waiting for disks. */
export function machineCpuMs(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = stat
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * msPerTick;
}

export interface CpuSpent<Name extends string> {
  /** CPU ms by process. */
  by: Record<Name, number>;
  /** CPU ms of everything else on the machine. */
  others: number;
  wallMs: number;
}

/** What everything else on the machine took of all its CPUs meanwhile, %; also of those that the bench may not use. */
export function othersPercent({ others, wallMs }: Pick<CpuSpent<string>, 'others' | 'wallMs'>): number {
  return (100 * others) / (wallMs * cpus().length);
}

/** Starts counting; what it gives back ends the count. The processes must be the same at both ends. */
export function countCpu<Name extends string>(pids: Record<Name, number>): () => CpuSpent<Name> {
  const before = readCpu(pids);
  return () => {
    const after = readCpu(pids);
    const names = Object.keys(pids) as Name[];
    const by = Object.fromEntries(names.map((name) => [name, after.by[name] - before.by[name]])) as Record<
      Name,
      number
    >;
    const ours = names.reduce((sum, name) => sum + by[name], 0);
    return { by, others: Math.max(0, after.machine - before.machine - ours), wallMs: after.at - before.at };
  };
}

function readCpu<Name extends string>(pids: Record<Name, number>) {
  const entries = Object.entries<number>(pids);
  const by = entries.map(([name, pid]) => [name, familyCpuMs(pid)]);
  return {
    at: performance.now(),
    machine: machineCpuMs(readFileSync('/proc/stat', 'utf8')),
    by: Object.fromEntries(by) as Record<Name, number>,
  };
}

/**
 * CPU of a process and its children, running and ended: each connection to Postgres is a process of its own. What a child's own
 * children use is left out.
 */
function familyCpuMs(pid: number): number {
  const stat = readStat(pid);
  if (stat === undefined) throw new Error(`Process ${pid} has ended.`);
  const running = childrenOf(pid).map((child) => processCpuMs(readStat(child) ?? '') || 0);
  return processCpuMs(stat) + endedChildrenCpuMs(stat) + running.reduce((sum, ms) => sum + ms, 0);
}

/** Undefined once the process has ended. */
function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
}
