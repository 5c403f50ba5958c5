import { styleText } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotStart } from './servers/errors.ts';
import { choosePorts } from './servers/ports.ts';
import { spawnGuarded } from './servers/guarded.ts';
import type { Exit, Guarded } from './servers/guarded.ts';

/** A process to run beside others. */
export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  /** The port of `readyUrl` is `HEALTH_PORT`, or `HTTP_PORT` where it has no other. */
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
   * Replaces a child by one of the code as it is now. A substitute on another port is started first and does the work while the
   * place is empty, so that one of them always runs. Throws as `start` does: before the substitute is ready, the old child keeps
   * running; after that, the substitute does.
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
  /** Those that run or are being started: one, and two while it is restarted. */
  processes: Set<Promise<Guarded>>;
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

  /** Starts a process in the place of a child. One that does not become ready is ended. */
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
    child.processes.add(starting);
    const running = await starting;
    try {
      await becomeReady(spec, running, readyWithinMs, lines);
    } catch (error) {
      await end(child, starting, 0);
      throw error;
    }
    void running.exited.then((exit) => {
      // One that was ended to be replaced has left the set before.
      if (child.processes.delete(starting) && !stopping) tellExit({ name: spec.name, ...exit, lastLines: [...lines] });
    });
    return { process: starting };
  };

  const refuseWhileStopping = ({ name }: ChildSpec) => {
    if (stopping) throw new CannotStart(`${name} is not started again: everything is being stopped.`);
  };

  const end = async (child: Child, process: Promise<Guarded>, withinMs: number) => {
    child.processes.delete(process);
    await (await process).end(withinMs);
  };

  return {
    exited,
    async start(spec) {
      const child: Child = { name: spec.name, label: nameLabel(spec.name, children.length), processes: new Set() };
      children.push(child);
      await run(spec, child);
    },
    async restart(spec) {
      const child = children.find(({ name }) => name === spec.name);
      if (!child) throw new CannotStart(`${spec.name} cannot be restarted: it was never started.`);
      const before = [...child.processes];
      refuseWhileStopping(spec);
      const elsewhere = await onAnotherPort(spec);
      const substitute = await run(elsewhere, child).catch(failed('still running the previous version'));
      for (const process of before) await end(child, process, graceMs);
      refuseWhileStopping(spec);
      await run(spec, child).catch(failed(`still running at ${elsewhere.readyUrl} until the next save`));
      await end(child, substitute.process, graceMs);
    },
    async stop() {
      stopping = true;
      for (const child of children.toReversed()) {
        await Promise.allSettled([...child.processes].map(async (process) => (await process).end(graceMs)));
      }
    },
    async kill() {
      stopping = true;
      const all = children.flatMap(({ processes }) => [...processes]);
      await Promise.allSettled(all.map(async (process) => (await process).end(0)));
    },
  };
}

function failed(then: string): (error: unknown) => never {
  return (error) => {
    throw new CannotStart(`${(error as Error).message}\nRestart failed; ${then}.`);
  };
}

async function onAnotherPort(spec: ChildSpec): Promise<ChildSpec> {
  const variables = ['HEALTH_PORT', 'HTTP_PORT'].filter((name) => spec.env[name] !== undefined);
  const ports = await choosePorts(Object.fromEntries(variables.map((name) => [name, undefined])), 'free');
  const env = { ...spec.env, ...Object.fromEntries(variables.map((name) => [name, String(ports[name])])) };
  const readyUrl = new URL(spec.readyUrl);
  readyUrl.port = String(ports[variables[0] ?? '']);
  return { ...spec, env, readyUrl: readyUrl.href };
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
