import { join, relative } from 'node:path';
import { type FileWatch, watchFiles } from '../runtime/watch-files.ts';
import { spawnGuarded } from './servers/guarded.ts';
import type { ChildSpec, Supervisor } from './supervise.ts';

export interface RestartOnSave {
  root: string;
  /** The processes that may be restarted. */
  children: readonly ChildSpec[];
  supervisor: Pick<Supervisor, 'restart'>;
  print: (line: string) => void;
}

/** The folders whose code a process has loaded. Journeys and templates are taken up by the running worker itself. */
const loads: Readonly<Record<string, readonly string[]>> = {
  worker: ['activities', 'config', 'events', 'runtime', 'store', 'templates', 'worker'],
  ingress: ['config', 'events', 'ingress', 'runtime', 'store'],
  preview: ['events', 'preview', 'templates'],
};

/** What may make a process fail its check, though it is no reason to restart one. */
const alsoRead = ['workflows', 'rivulet.yaml'];

/** A check loads modules and bundles; one that takes longer waits for something it must not wait for. */
const checkWithinMs = 60_000;

/**
 * Restarts a process when its code is saved, once a check has shown that the new code loads. Code that does not load, or does
 * not become ready, is reported, and the old process keeps running; each further save tries again.
 */
export function restartOnSave({ root, children, supervisor, print }: RestartOnSave): FileWatch {
  const outdated = new Set<ChildSpec>();
  const saved = new Set<string>();
  const paths = [...new Set([...Object.values(loads).flat(), ...alsoRead])].map((path) => join(root, path));
  return watchFiles({ paths, concerns: (file) => /\.(ts|sql|lua|mjml|yaml)$/.test(file) }, async (files) => {
    const began = performance.now();
    for (const child of children) {
      const theirs = files.filter((file) => isLoadedBy(child.name, relative(root, file)));
      if (theirs.length > 0) outdated.add(child);
      for (const file of theirs) saved.add(relative(root, file));
    }
    if (outdated.size === 0) return;

    const wrong = (await Promise.all([...outdated].map(whatIsWrong))).flat();
    if (wrong.length > 0) {
      for (const line of wrong) print(line);
      return print(
        `  ${names(outdated)} not restarted for ${[...saved].join(', ')}; still running the previous version.`,
      );
    }
    const restarted = names(outdated);
    try {
      for (const child of outdated) {
        await supervisor.restart(child);
        outdated.delete(child);
      }
      print(`restarted ${restarted} for ${[...saved].join(', ')} in ${secondsSince(began)} s`);
      saved.clear();
    } catch (error) {
      print((error as Error).message);
    }
  });
}

function isLoadedBy(name: string, file: string): boolean {
  return /\.(ts|sql|lua)$/.test(file) && (loads[name] ?? []).some((folder) => file.startsWith(`${folder}/`));
}

/** Loads the new code in a process of its own, which connects to nothing. Gives what is to be read; nothing when all is well. */
async function whatIsWrong(child: ChildSpec): Promise<string[]> {
  const lines: string[] = [];
  const check = await spawnGuarded({
    command: child.command,
    args: [...child.args, '--check'],
    env: { ...child.env, NODE_NO_WARNINGS: '1' },
    ...(child.cwd === undefined ? {} : { cwd: child.cwd }),
    output: (line) => lines.push(line),
  });
  const tooLong = setTimeout(() => check.signal('SIGKILL'), checkWithinMs);
  const { code, signal } = await check.exited;
  clearTimeout(tooLong);
  if (code === 0) return [];
  if (signal === 'SIGKILL') lines.push(`It was still loading after ${checkWithinMs / 1_000} s.`);
  const said = lines
    .filter((line) => line.trim() !== '' && !ofNode.test(line))
    .map((line) => line.replaceAll(`${child.cwd}/`, ''));
  return [`${child.name}: the new code cannot be used:`, ...said.map((line) => `  ${line}`)];
}

/** What Node prints around an error: where in its own code it was thrown, and the way there. */
const ofNode = /^\s+at |^Node\.js v|^node:|^\s*\^\s*$|triggerUncaughtException/;

function names(children: Iterable<ChildSpec>): string {
  return [...children].map(({ name }) => name).join(' and ');
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}
