import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids of a process's children. Empty where there is no /proc to read them from. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/**
 * Waits until these processes have stopped. The kernel stops the threads of a process one by one, and on a busy machine a
 * server may answer once more in between. Where there is no /proc there is nothing to look at.
 */
export async function standsStill(pids: number[]): Promise<void> {
  for (const pid of pids) {
    const tasks = `/proc/${pid}/task`;
    while (existsSync(tasks) && !tasksOf(tasks).every((task) => stopped(`${tasks}/${task}/stat`))) await sleep(5);
  }
}

function tasksOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // this process has ended
  }
}

/**
 * The state stands behind the command's name, which is in brackets and may hold anything. A child that has ended stays a zombie until
 * its parent looks, and a stopped parent does not.
 */
function stopped(stat: string): boolean {
  try {
    return /^[TZX]/.test(readFileSync(stat, 'utf8').split(') ').at(-1) ?? '');
  } catch {
    return false; // this thread has ended
  }
}
