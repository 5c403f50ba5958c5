import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

import { afterEach, expect, it } from 'vitest';

import { childrenOf, standsStill } from '../local/servers/process-tree.ts';

let parent: ReturnType<typeof spawn> | undefined;
afterEach(() => void parent?.kill('SIGKILL'));

it.runIf(existsSync('/proc/self/task'))(
  'a stopped process stands still, though a child of it has ended and it cannot notice',
  async () => {
    parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & kill -STOP $$; wait'], { stdio: 'ignore' });
    const pid = parent.pid!;
    await expect.poll(() => childrenOf(pid), { timeout: 10_000 }).toHaveLength(1);
    const children = childrenOf(pid);
    await standsStill([pid, ...children]);
    expect(childrenOf(pid)).toEqual(children);
  },
  20_000,
);
