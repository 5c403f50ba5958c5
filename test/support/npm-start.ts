import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import { expect, vi } from 'vitest';

import { readRunFile, type RunFile } from '../../local/run-file.ts';
import { type DataLock, lockData } from '../../local/servers/data-lock.ts';
import { DataInUse } from '../../local/servers/errors.ts';
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

/** Waits until no other file has an `npm start`: both prefer the usual ports, and would take those of a server that is being restarted. */
async function ourTurn(): Promise<DataLock> {
  for (;;) {
    try {
      return await lockData(join(tmpdir(), 'rivulet-npm-start'));
    } catch (error) {
      if (!(error instanceof DataInUse)) throw error;
      await sleep(200);
    }
  }
}

/** May wait for another file that has one. */
export async function npmStart(): Promise<NpmStart> {
  const turn = await ourTurn();
  try {
    return await startIn(turn);
  } catch (error) {
    turn.release();
    throw error;
  }
}

async function startIn(turn: DataLock): Promise<NpmStart> {
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
    try {
      if (!running()) return;
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      turn.release();
      copy.remove();
    }
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
