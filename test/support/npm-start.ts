import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import { expect, vi } from 'vitest';

import { readRunFile, type RunFile } from '../../local/run-file.ts';
import { findServers } from '../../local/servers/find.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` in a copy of the project. */
export interface NpmStart {
  copy: ProjectCopy;
  urls: RunFile['urls'];
  /** Everything it has printed. */
  lines: string[];
  running(): boolean;
  /** Ends it as Ctrl-C does; fails when that does not end with 0. */
  stop(): Promise<void>;
}

export async function npmStart(): Promise<NpmStart> {
  await findServers({ root: project });
  const copy = copyProject();
  mkdirSync(join(copy.dir, '.rivulet'));
  symlinkSync(join(project, '.rivulet/servers'), join(copy.dir, '.rivulet/servers'));
  const { RIVULET_LIVE: _, ...env } = process.env;
  const child: ChildProcess = spawn(process.execPath, ['cli/rivulet.mjs', 'start'], {
    cwd: copy.dir,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(stripVTControlCharacters(line)));
  const running = () => child.exitCode === null;
  const stop = async () => {
    if (running()) {
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    }
    copy.remove();
  };
  try {
    await vi.waitFor(() => expect(lines.join('\n')).toContain('Ctrl-C stops'), { timeout: 90_000, interval: 20 });
  } catch (error) {
    child.kill('SIGKILL');
    copy.remove();
    throw error;
  }
  return { copy, urls: readRunFile(copy.dir)!.urls, lines, running, stop };
}
