import { countCpu, type CpuSpent } from './cpu.ts';
import { readMemory } from './memory.ts';
import type { ProcessName } from './processes.ts';
import { readRequests, type Requests, requestsBetween } from './rpcs.ts';
import type { Stage } from './stage.ts';

/** What a stretch of work has taken. */
export interface Spent {
  cpu: CpuSpent<ProcessName>;
  /** Requests to Temporal by operation. */
  requests: Requests;
  /** At the end, MB by process. */
  memory: Record<ProcessName, number>;
}

/** Starts counting; what it gives back ends the count, and gives back what was spent until that moment. */
export async function startMeter({ pids, servers, own }: Stage): Promise<() => Promise<Spent>> {
  const known = pids as Record<ProcessName, number>;
  const requestsBefore = await readRequests(servers.temporal.metricsUrl);
  const ownBefore = own();
  const endCpu = countCpu(known);
  return async () => {
    const cpu = endCpu();
    const memory = readMemory(pids);
    const ownCalls = requestsBetween(ownBefore, own());
    const requests = requestsBetween(requestsBefore, await readRequests(servers.temporal.metricsUrl), ownCalls);
    return { cpu, requests, memory };
  };
}

/** CPU-ms of these processes together. */
export function cpuOf({ cpu }: Spent, names: readonly ProcessName[]): number {
  return names.reduce((sum, name) => sum + (cpu.by[name] ?? 0), 0);
}
