import { isDeepStrictEqual } from 'node:util';

import type { Agenda, Item } from './agenda.ts';
import { nextTry } from './retry.ts';
import type { Instance, Sandbox } from './sandbox.ts';
import type { Activation, Answer, Call, Command, Job, Metadata } from './turn.ts';
import { NotSimulated } from './wrong.ts';

/** One attempt at an activity: the first has number 1. */
export interface CallAttempt {
  number: number;
  /** Unix ms. */
  at: number;
}

/** What a run has around it. */
export interface Environment {
  /** The activities that it has. */
  names: readonly string[];
  /** One attempt at an activity. What it throws is tried again, or ends the call, as in Temporal. */
  answer(call: Call, attempt: CallAttempt): Promise<unknown>;
}

/** How a run ended. `stuck`: its code has a bug, and in production Temporal would retry the workflow task indefinitely. */
export type Ending =
  | { how: 'returned'; outcome: unknown }
  | { how: 'cancelled' }
  | { how: 'failed' | 'stuck'; why: string };

/** Is called with what a run does. */
export interface Observer {
  waits(at: number, until: number, summary: string | undefined): void;
  triesAgain(call: Call, error: unknown, at: number, nextAt: number): void;
  /** The run cancelled it before it was done. */
  givesUp(call: Call, at: number): void;
  ends(at: number, ending: Ending): void;
}

export interface RunStart {
  journey: string;
  workflowId: string;
  args: readonly unknown[];
  /** Unix ms. */
  at: number;
  /** Of a recorded run: the jobs that came with its start. It is replayed until `endReplay`. */
  replays?: readonly Job[];
}

/** One run of a journey, with what Temporal's server does for it. */
export interface Run {
  /**
   * Delivers jobs at an instant (one workflow task), and puts on the agenda what follows. A recorded history is replayed in this
   * way, task by task; what it answers itself comes off the agenda.
   */
  deliver(at: number, jobs: readonly Job[]): Promise<void>;
  /** As when a worker dies and another replays the run. Returns false if the replay differs. */
  restart(at: number): Promise<boolean>;
  /** The recorded history is over: what the run does from here on is new. */
  endReplay(): void;
  ended(): boolean;
  /** What the Temporal UI shows of it; undefined between two runs, or when its code has a bug. */
  metadata(): Promise<Metadata | undefined>;
  /** How many workflow tasks it had. */
  tasks(): number;
  dispose(): Promise<void>;
}

export async function startRun(
  sandbox: Sandbox,
  agenda: Agenda,
  environment: Environment,
  observer: Observer,
  start: RunStart,
): Promise<Run> {
  let tasks = 0;
  let replaying = start.replays !== undefined;
  let ending: Ending | undefined;
  /** Jobs that came after a run continued as new, and before the new one began. */
  let early: Job[] | undefined;
  let { journey } = start;
  let startedAt = start.at;
  let instance: Instance;
  let past: { activation: Activation; commands: Command[] }[];
  let historyLength: number;
  const timers = new Map<number, Item>();
  const calls = new Map<number, { call: Call; next: Item }>();

  async function begin(args: readonly unknown[], at: number): Promise<void> {
    startedAt = at;
    past = [];
    historyLength = 1;
    instance = await create();
    const jobs = early ?? [];
    early = undefined;
    const replayed = replaying ? start.replays : undefined;
    await deliver(at, [...(replayed ?? []), { kind: 'start', args }, ...jobs]);
  }

  function create(): Promise<Instance> {
    return sandbox.create({ journey, workflowId: start.workflowId, startedAt });
  }

  async function deliver(at: number, jobs: readonly Job[]): Promise<void> {
    if (ending) return;
    if (early) return void early.push(...jobs);
    tasks += 1;
    for (const job of jobs) settle(job);
    // What the server adds: the task is scheduled and started. Local activities are answered within the task that asked for them.
    if (!jobs.every((job) => job.kind === 'answered' && job.call.local)) historyLength += 2;
    const activation = { at, jobs, historyLength };
    const commands = await instance.activate(activation, replaying);
    past.push({ activation, commands });
    for (const command of commands) obey(command, at);
  }

  /** The job is the answer: nothing more is due. */
  function settle(job: Job): void {
    if (job.kind === 'timer_fired') {
      const item = timers.get(job.seq);
      if (item) agenda.drop(item);
      timers.delete(job.seq);
    }
    if (job.kind === 'answered') {
      const open = calls.get(job.call.seq);
      if (open) agenda.drop(open.next);
      calls.delete(job.call.seq);
    }
    historyLength += job.kind === 'answered' && !job.call.local ? 2 : 1;
  }

  function obey(command: Command, at: number): void {
    historyLength += 1;
    switch (command.kind) {
      case 'timer': {
        const { seq, ms, summary } = command;
        const until = at + ms;
        timers.set(
          seq,
          agenda.add(until, () => deliver(until, [{ kind: 'timer_fired', seq }])),
        );
        return observer.waits(at, until, summary);
      }
      case 'cancel_timer': {
        const item = timers.get(command.seq);
        if (item) agenda.drop(item);
        return void timers.delete(command.seq);
      }
      case 'call':
        return tryAt(at, command.call, 1, at);
      case 'cancel_call': {
        const open = calls.get(command.seq);
        if (!open) return;
        agenda.drop(open.next);
        observer.givesUp(open.call, at);
        open.next = agenda.add(at, () => answer(at, open.call, { cancelled: true }));
        return;
      }
      case 'patch':
        return; // the sandbox remembers it; a replay gets it as a job
      case 'continued': {
        ({ journey } = command);
        early = [];
        agenda.add(at + command.afterMs, async () => {
          await instance.dispose();
          await begin(command.args, at + command.afterMs);
        });
        if (command.afterMs > 0) observer.waits(at, at + command.afterMs, 'wait before it goes on in a new run');
        return;
      }
      case 'completed':
        return end(at, { how: 'returned', outcome: command.result });
      case 'cancelled':
        return end(at, { how: 'cancelled' });
      case 'failed':
        return end(at, { how: 'failed', why: command.message });
      case 'stuck':
        return end(at, { how: 'stuck', why: command.message });
      case 'not_simulated':
        throw new NotSimulated(
          `${start.journey} uses "${command.what}", which simulate cannot do yet: test it on a real server`,
        );
      default:
        command satisfies never;
    }
  }

  function tryAt(at: number, call: Call, number: number, askedAt: number): void {
    const next = agenda.add(at, async () => {
      const result = await attemptAt(call, { number, at });
      const nextAt = 'error' in result ? nextTry(call, result.error, number, askedAt, at) : undefined;
      if (!('error' in result) || nextAt === undefined) return answer(at, call, result);
      observer.triesAgain(call, result.error, at, nextAt);
      tryAt(nextAt, call, number + 1, askedAt);
    });
    calls.set(call.seq, { call, next });
  }

  async function attemptAt(call: Call, attempt: CallAttempt): Promise<{ value: unknown } | { error: unknown }> {
    try {
      return { value: await environment.answer(call, attempt) };
    } catch (error) {
      return { error };
    }
  }

  function answer(at: number, call: Call, answer: Answer): Promise<void> {
    return deliver(at, [{ kind: 'answered', call, answer }]);
  }

  function end(at: number, how: Ending): void {
    ending = how;
    for (const item of timers.values()) agenda.drop(item);
    for (const { next } of calls.values()) agenda.drop(next);
    observer.ends(at, how);
  }

  await begin(start.args, start.at);
  return {
    deliver,
    async restart(at) {
      if (ending || early) return true;
      await instance.dispose();
      instance = await create();
      const patches = past.flatMap(({ commands }) => commands.filter(({ kind }) => kind === 'patch'));
      for (const { activation, commands } of past) {
        const jobs = [...(patches as { kind: 'patch'; id: string }[]), ...activation.jobs];
        if (!isDeepStrictEqual(await instance.activate({ ...activation, jobs }, true), commands)) {
          end(at, { how: 'stuck', why: 'lived through again, it does something else: the code is not deterministic' });
          return false;
        }
      }
      return true;
    },
    endReplay: () => (replaying = false),
    ended: () => ending !== undefined,
    metadata: async () => (early ? undefined : instance.metadata()),
    tasks: () => tasks,
    dispose: () => instance.dispose(),
  };
}
