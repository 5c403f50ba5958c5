import { styleText } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotStart } from './servers/errors.ts';
import { spawnGuarded } from './servers/guarded.ts';
import type { Exit, Guarded } from './servers/guarded.ts';

/** A process to run beside others. */
export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** The child is ready when a GET of this answers 200. */
  readyUrl: string;
}

export interface ChildExit extends Exit {
  name: string;
  lastLines: string[];
}

export interface SupervisorOptions {
  /** Gets every line of every child, with the child's name in front. */
  print: (line: string) => void;
  /** Default 60 s. */
  readyWithinMs?: number;
  /** From SIGTERM to SIGKILL. Default 20 s. */
  graceMs?: number;
}

export interface Supervisor {
  /** Starts a child and returns when it is ready. Throws when it ends before that, or takes too long. */
  start(child: ChildSpec): Promise<void>;
  /**
   * Ends a child and starts it anew, in the same place. That is no end by itself. Throws as `start` does; the child is gone
   * then, and may be restarted again.
   */
  restart(child: ChildSpec): Promise<void>;
  /** The first child that ends by itself; never resolves otherwise. */
  exited: Promise<ChildExit>;
  /** Ends all, one after the other, the last one started first: SIGTERM once, SIGKILL after the grace. */
  stop(): Promise<void>;
  /** Ends all at once. */
  kill(): Promise<void>;
}

interface Child {
  name: string;
  label: string;
  /** The one that runs now, or is being started. */
  process?: Promise<Guarded>;
  /** It is being restarted, or that has failed: its end is no news. */
  changing: boolean;
}

const nameColours = ['cyan', 'magenta', 'green', 'yellow', 'blue'] as const;
const linesKept = 20;

/** Runs child processes that cannot outlive this one. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { print, readyWithinMs = 60_000, graceMs = 20_000 } = options;
  const children: Child[] = [];
  let stopping = false;
  let tellExit: (exit: ChildExit) => void = () => {};
  const exited = new Promise<ChildExit>((resolved) => (tellExit = resolved));

  const run = async (spec: ChildSpec, child: Child) => {
    const lines: string[] = [];
    const starting = spawnGuarded({
      command: spec.command,
      args: spec.args,
      env: spec.env,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      output(line) {
        lines.push(line);
        if (lines.length > linesKept) lines.shift();
        print(`${child.label} ${line}`);
      },
    });
    child.process = starting;
    const running = await starting;
    void running.exited.then((exit) => {
      if (!stopping && !child.changing) tellExit({ name: spec.name, ...exit, lastLines: [...lines] });
    });
    await becomeReady(spec, running, readyWithinMs, lines);
  };

  return {
    exited,
    async start(spec) {
      const child: Child = { name: spec.name, label: nameLabel(spec.name, children.length), changing: false };
      children.push(child);
      await run(spec, child);
    },
    async restart(spec) {
      const child = children.find(({ name }) => name === spec.name);
      if (!child) throw new CannotStart(`${spec.name} cannot be restarted: it was never started.`);
      child.changing = true;
      await (await child.process)?.end(graceMs);
      if (stopping) throw new CannotStart(`${spec.name} is not started again: everything is being stopped.`);
      await run(spec, child);
      child.changing = false;
    },
    async stop() {
      stopping = true;
      for (const child of children.toReversed()) {
        const running = await child.process?.catch(() => undefined);
        await running?.end(graceMs);
      }
    },
    async kill() {
      stopping = true;
      await Promise.allSettled(children.map(async (child) => (await child.process)?.end(0)));
    },
  };
}

function nameLabel(name: string, index: number): string {
  return styleText(nameColours[index % nameColours.length]!, `${name.padEnd(7)} |`);
}

async function becomeReady(spec: ChildSpec, child: Guarded, withinMs: number, lines: string[]): Promise<void> {
  const deadline = Date.now() + withinMs;
  let answer = 'no answer';
  while (child.running()) {
    try {
      const response = await fetch(spec.readyUrl, { signal: AbortSignal.timeout(5000) });
      const body = await response.text();
      if (response.status === 200 && child.running()) return;
      answer = `${response.status} ${body.slice(0, 500)}`;
    } catch {
      answer = 'no answer';
    }
    if (Date.now() > deadline) {
      throw new CannotStart(`${spec.name} is not ready after ${withinMs / 1000} s: ${spec.readyUrl} gives ${answer}`);
    }
    await sleep(50);
  }
  throw new CannotStart(describeExit({ name: spec.name, ...(await child.exited), lastLines: lines }));
}

/** One paragraph for people: which child ended, how, and what it said last. */
export function describeExit(exit: { name: string; lastLines: string[] } & Exit): string {
  const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
  const said = exit.lastLines.map((line) => `  ${line}`);
  return [`${exit.name} ended by itself ${how}.`, ...(said.length > 0 ? ['Its last lines:', ...said] : [])].join('\n');
}
