import { isDeepStrictEqual } from 'node:util';

import type { Agenda, Item } from './agenda.ts';
import { nextTry } from './retry.ts';
import type { Instance, Sandbox } from './sandbox.ts';
import type { Activation, Answer, Call, Command, Job, Metadata } from './turn.ts';
import { NotSimulated } from './wrong.ts';

/** Whatever a run can ask for. */
export interface World {
  /** One try of an activity, at an instant (Unix ms). What it throws is tried again, or ends the call, as in Temporal. */
  answer(call: Call, at: number): Promise<unknown>;
}

/** How a run ended. `stuck`: its code is wrong, and in production Temporal would try the turn again for ever. */
export type Ending =
  | { how: 'returned'; outcome: unknown }
  | { how: 'cancelled' }
  | { how: 'failed' | 'stuck'; why: string };

/** What somebody who looks on sees. */
export interface Onlooker {
  waits(at: number, until: number, summary: string | undefined): void;
  triesAgain(call: Call, error: unknown, at: number, nextAt: number): void;
  /** Nobody wants it any more, and it had not been done. */
  givesUp(call: Call, at: number): void;
  ends(at: number, ending: Ending): void;
}

export interface RunStart {
  journey: string;
  workflowId: string;
  args: readonly unknown[];
  /** Unix ms. */
  at: number;
  /** Of a run that has a past: what it was told with its start. It lives through that again, until `goOn`. */
  relives?: { jobs: readonly Job[]; buildId?: string };
}

/** One run of a journey, and the server that it believes to talk to. */
export interface Run {
  /**
   * Tells the run what has happened at an instant, and puts on the agenda what follows. A recorded history can be told so,
   * turn by turn; what it answers itself is off the agenda.
   */
  tell(at: number, jobs: readonly Job[], buildId?: string): Promise<void>;
  /** As when a worker dies: another takes the run up by living through all of it again. Gives false if that differs. */
  restart(at: number): Promise<boolean>;
  /** The past is over: what it does from here on is new. */
  goOn(): void;
  ended(): boolean;
  /** What it tells of itself; undefined between two runs, or where its code is wrong. */
  metadata(): Promise<Metadata | undefined>;
  /** How often it had its turn. */
  turns(): number;
  dispose(): Promise<void>;
}

export async function startRun(
  sandbox: Sandbox,
  agenda: Agenda,
  world: World,
  onlooker: Onlooker,
  start: RunStart,
): Promise<Run> {
  let turns = 0;
  let replaying = start.relives !== undefined;
  let ending: Ending | undefined;
  /** A run that goes on in a new one: what it is told in between, the new one hears. */
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
    const relived = replaying ? start.relives : undefined;
    await tell(at, [...(relived?.jobs ?? []), { kind: 'start', args }, ...jobs], relived?.buildId);
  }

  function create(): Promise<Instance> {
    return sandbox.create({ journey, workflowId: start.workflowId, startedAt });
  }

  async function tell(at: number, jobs: readonly Job[], buildId?: string): Promise<void> {
    if (ending) return;
    if (early) return void early.push(...jobs);
    turns += 1;
    for (const job of jobs) settle(job);
    // What the server adds: the turn is scheduled and started; a turn that only hears of local activities goes on in the last.
    if (!jobs.every((job) => job.kind === 'answered' && job.call.local)) historyLength += 2;
    const activation = { at, jobs, historyLength, ...(buildId !== undefined && { buildId }) };
    const commands = await instance.activate(activation, replaying);
    past.push({ activation, commands });
    for (const command of commands) obey(command, at);
  }

  /** Answered by whoever tells: nothing more is due. */
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
          agenda.add(until, () => tell(until, [{ kind: 'timer_fired', seq }])),
        );
        return onlooker.waits(at, until, summary);
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
        onlooker.givesUp(open.call, at);
        open.next = agenda.add(at, () => answer(at, open.call, { cancelled: true }));
        return;
      }
      case 'patch':
        return; // the sandbox remembers it; a replay is told of it by the job
      case 'continued': {
        ({ journey } = command);
        early = [];
        agenda.add(at + command.afterMs, async () => {
          await instance.dispose();
          await begin(command.args, at + command.afterMs);
        });
        if (command.afterMs > 0) onlooker.waits(at, at + command.afterMs, 'wait before it goes on in a new run');
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

  function tryAt(at: number, call: Call, attempt: number, askedAt: number): void {
    const next = agenda.add(at, async () => {
      const result = await attemptOf(call, at);
      const nextAt = 'error' in result ? nextTry(call, result.error, attempt, askedAt, at) : undefined;
      if (!('error' in result) || nextAt === undefined) return answer(at, call, result);
      onlooker.triesAgain(call, result.error, at, nextAt);
      tryAt(nextAt, call, attempt + 1, askedAt);
    });
    calls.set(call.seq, { call, next });
  }

  async function attemptOf(call: Call, at: number): Promise<{ value: unknown } | { error: unknown }> {
    try {
      return { value: await world.answer(call, at) };
    } catch (error) {
      return { error };
    }
  }

  function answer(at: number, call: Call, answer: Answer): Promise<void> {
    return tell(at, [{ kind: 'answered', call, answer }]);
  }

  function end(at: number, how: Ending): void {
    ending = how;
    for (const item of timers.values()) agenda.drop(item);
    for (const { next } of calls.values()) agenda.drop(next);
    onlooker.ends(at, how);
  }

  await begin(start.args, start.at);
  return {
    tell,
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
    goOn: () => (replaying = false),
    ended: () => ending !== undefined,
    metadata: async () => (early ? undefined : instance.metadata()),
    turns: () => turns,
    dispose: () => instance.dispose(),
  };
}
