import { createHash, randomUUID } from 'node:crypto';
import { Script } from 'node:vm';

import { TypedSearchAttributes } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
// The one file that knows the insides of the SDK: it has no public way to run a workflow without a server. The SDK's version
// is pinned in package.json, and test/simulate.test.ts fails when a newer one no longer fits.
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

import { commandsOf, jobsFor, metadataOf, metadataQuery } from './proto.ts';
import type { Activation, Command, Metadata } from './turn.ts';

/** As long as a worker allows: a journey in an endless loop ends here. */
const turnTimeoutMs = 5_000;

/** A worker guards each entry into the sandbox by itself, with a thread each; a task has ten, and one guard is enough. */
const noGuardOfItsOwn = undefined as unknown as number;

/** The sandbox in which a worker runs journeys, without the worker. */
export interface Sandbox {
  create(run: RunIdentity): Promise<Instance>;
}

export interface RunIdentity {
  journey: string;
  workflowId: string;
  /** Unix ms. */
  startedAt: number;
}

/** One run in the sandbox. */
export interface Instance {
  /** Runs one workflow task, and returns the commands that follow. */
  activate(activation: Activation, replaying?: boolean): Promise<Command[]>;
  /** Reads what the Temporal UI would show; changes nothing. */
  metadata(): Promise<Metadata | undefined>;
  dispose(): Promise<void>;
}

const sandboxes = new WeakMap<object, Map<string, Promise<Sandbox>>>();

/** Loads bundled journeys once; every run after that costs only itself. `activities`: the names that may be called. */
export function sandboxOf(bundle: { code: string }, activities: readonly string[]): Promise<Sandbox> {
  const known = sandboxes.get(bundle) ?? new Map<string, Promise<Sandbox>>();
  sandboxes.set(bundle, known);
  const names = activities.join();
  const sandbox = known.get(names) ?? openSandbox(bundle, activities);
  known.set(names, sandbox);
  return sandbox;
}

async function openSandbox({ code }: { code: string }, activities: readonly string[]): Promise<Sandbox> {
  const creator = await ReusableVMWorkflowCreator.create(parseWorkflowCode(code), noGuardOfItsOwn, new Set(activities));
  const showSources = Error.prepareStackTrace;
  // What a worker has in a thread of its own: hooks on every promise of the process, which double the cost of a run here,
  // and stack traces that are rewritten, which only those of journeys should be.
  globalHandlers.uninstall();
  globalHandlers.promiseHookInstalled = false;

  return {
    async create({ journey, workflowId, startedAt }) {
      const runId = randomUUID();
      const seed = [...createHash('sha256').update(workflowId).digest().subarray(0, 8)];
      const workflow = await creator.createWorkflow({
        info: infoOf({ journey, workflowId, startedAt }, runId),
        randomnessSeed: seed,
        now: startedAt,
        showStackTraceSources: false,
      });
      return {
        async activate({ at, jobs, historyLength }, isReplaying = false) {
          Error.prepareStackTrace = showSources;
          try {
            const protos = jobsFor(jobs, { runId, journey, workflowId });
            const activation = {
              runId,
              timestamp: msToTs(at),
              isReplaying,
              historyLength,
              jobs: protos,
            };
            return commandsOf(await guarded(() => workflow.activate(activation)));
          } catch (error) {
            if (!isTimeout(error)) throw error;
            const message = `one turn took more than ${turnTimeoutMs / 1_000} s: is there a loop that never waits?`;
            return [{ kind: 'stuck', message }];
          } finally {
            Error.prepareStackTrace = globalHandlers.origPrepareStackTrace;
          }
        },
        metadata: async () => metadataOf(await workflow.activate({ runId, jobs: [metadataQuery] })),
        dispose: () => workflow.dispose(),
      };
    },
  };
}

const callGuarded = new Script('globalThis.guardedTurn()');

/** Ends what runs too long before its first await; a workflow task of a journey does nothing after that. */
function guarded<T>(turn: () => T): T {
  const global = globalThis as { guardedTurn?: () => T };
  global.guardedTurn = turn;
  try {
    return callGuarded.runInThisContext({ timeout: turnTimeoutMs }) as T;
  } finally {
    delete global.guardedTurn;
  }
}

function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/** What a worker passes to a run (`Worker.createWorkflow` of the SDK). */
function infoOf({ journey, workflowId, startedAt }: RunIdentity, runId: string) {
  const chance = () => {
    throw new Error('the sandbox puts its own in place of this');
  };
  return {
    workflowId,
    runId,
    workflowType: journey,
    searchAttributes: {},
    typedSearchAttributes: new TypedSearchAttributes(),
    taskQueue: 'journeys',
    namespace: 'rivulet',
    firstExecutionRunId: runId,
    originalExecutionRunId: runId,
    startTime: new Date(startedAt),
    runStartTime: new Date(startedAt),
    taskTimeoutMs: 10_000,
    attempt: 1,
    historyLength: 0,
    historySize: 0,
    continueAsNewSuggested: false,
    targetWorkerDeploymentVersionChanged: false,
    currentBuildId: '',
    unsafe: {
      now: chance,
      isReplaying: false,
      isReplayingHistoryEvents: false,
      random: { random: chance, uuid4: chance, fillRandom: chance },
    },
  };
}
