import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { User } from './server-user.ts';

/**
 * Runs a command, and ends it when standard input closes, which is what happens when the process that started us dies,
 * by whatever means. The shell is the smallest watchdog there is: one more Node for each child would cost 40 MB.
 *
 * The watcher keeps the child's standard output out of its own hands, or a reader would wait for it after the child ended.
 */
const guard = `
stop=$1
shift
exec 5<&0
"$@" </dev/null 4>&- 5<&- &
child=$!
echo "$child" >&4
exec 4>&- >/dev/null 2>&1
( read -r nothing
  kill -"$stop" "$child"
  for second in 1 2 3 4 5; do sleep 1; kill -0 "$child" || exit 0; done
  kill -KILL "$child"
) <&5 &
watcher=$!
exec 5<&- </dev/null
wait "$child"
code=$?
kill "$watcher"
exit "$code"
`;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child that cannot outlive this process, in a process group of its own: Ctrl-C in the terminal does not reach it. */
export interface Guarded {
  /** The command's own process id, not its guard's. */
  pid: number;
  exited: Promise<Exit>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** The signal that stops it (SIGTERM), and SIGKILL when that was not enough. */
  end(graceMs: number): Promise<Exit>;
}

export interface GuardedOptions {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Who it runs as, the guard with it. Default: the user of this process. */
  user?: User | undefined;
  /** How it is asked to stop. Default: SIGTERM. */
  stopSignal?: 'SIGTERM' | 'SIGINT';
  /** Where output goes: an open file, or a function that gets every line. */
  output: number | ((line: string) => void);
}

export async function spawnGuarded(options: GuardedOptions): Promise<Guarded> {
  const { command, args, env, cwd, user, stopSignal = 'SIGTERM', output } = options;
  const sink = typeof output === 'number' ? output : 'pipe';
  const shell = spawn('/bin/sh', ['-c', guard, 'guard', stopSignal.slice('SIG'.length), command, ...args], {
    stdio: ['pipe', sink, sink, 'ignore', 'pipe'],
    detached: true,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
  });
  // An end of a pipe whose other end is dead is nothing to crash over.
  shell.stdin?.on('error', () => {});

  let ended = false;
  const exited = new Promise<Exit>((done) => {
    shell.once('error', () => done({ code: 127, signal: null }));
    // `close` comes after the last line of output; `exit` may come before it.
    shell.once('close', (code, signal) => done(asExit(code, signal)));
  }).finally(() => {
    ended = true;
    shell.stdin?.destroy();
  });
  if (typeof output === 'function') {
    for (const stream of [shell.stdout, shell.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', output);
    }
  }

  const pid = await firstNumber(shell.stdio[4] as Readable, exited);
  const signal = (name: NodeJS.Signals) => {
    try {
      if (!ended) process.kill(pid, name);
    } catch {
      // It ended a moment ago.
    }
  };
  return {
    pid,
    exited,
    running: () => !ended,
    signal,
    async end(graceMs) {
      signal(stopSignal);
      const killer = setTimeout(() => signal('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(killer);
      return exit;
    },
  };
}

/** A shell reports a child that died by a signal as 128 + its number. */
function asExit(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (code === null || code <= 128) return { code, signal };
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name as NodeJS.Signals };
}

async function firstNumber(stream: Readable, exited: Promise<Exit>): Promise<number> {
  const line = new Promise<string>((got) => {
    createInterface({ input: stream }).once('line', got);
  });
  const first = await Promise.race([line, exited.then(() => 'none')]);
  const pid = Number(first);
  if (!Number.isInteger(pid)) throw new Error('/bin/sh could not be started');
  return pid;
}
