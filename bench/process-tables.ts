import { type CpuSpent, othersPercent } from './cpu.ts';
import { type ProcessName, processNames, titles } from './processes.ts';

/** What each process took of one CPU, in %, in each of these stretches, and what everything else took of all CPUs. */
export function cpuRows(stretches: Record<string, CpuSpent<ProcessName>>): string[][] {
  const all = Object.values(stretches);
  const row = (name: ProcessName) => [
    titles[name],
    ...all.map(({ by, wallMs }) => ((100 * by[name]) / wallMs).toFixed(1)),
  ];
  return [
    ['CPU, % of one', ...Object.keys(stretches)],
    ...processNames.filter((name) => all.every(({ by }) => name in by)).map(row),
    ['all CPUs used by others, %', ...all.map((spent) => othersPercent(spent).toFixed(0))],
  ];
}

/** What each process held at each of these moments; and what else there is to say of each. */
export function memoryRows(
  moments: Record<string, Record<ProcessName, number>>,
  more: Record<string, (name: ProcessName) => string> = {},
): string[][] {
  const all = Object.values(moments);
  const row = (name: ProcessName) => [
    titles[name],
    ...all.map((memory) => memory[name].toFixed(0)),
    ...Object.values(more).map((say) => say(name)),
  ];
  return [
    ['memory, MB', ...Object.keys(moments), ...Object.keys(more)],
    ...processNames.filter((name) => all.every((memory) => name in memory)).map(row),
  ];
}
