import type { RetryPolicy } from '@temporalio/common';

/**
 * What a run gets and what it asks for, in plain values. Only the sandbox knows Temporal's own messages; run.ts plays the server.
 */

/** An activity that a journey has asked for. */
export interface Call {
  seq: number;
  id: string;
  type: string;
  args: unknown[];
  /** Runs within the workflow task, not on a queue. */
  local: boolean;
  retry: RetryPolicy;
  /** From when it was asked for, over all attempts; in milliseconds. */
  scheduleToCloseMs?: number;
}

/** How an activity ended. */
export type Answer = { value: unknown } | { error: unknown } | { cancelled: true };

/** Something that happens to a run. */
export type Job =
  | { kind: 'start'; args: readonly unknown[] }
  | { kind: 'signal'; name: string; args: readonly unknown[] }
  | { kind: 'timer_fired'; seq: number }
  | { kind: 'answered'; call: Call; answer: Answer }
  | { kind: 'patch'; id: string }
  | { kind: 'cancel'; reason: string };

/** What the Temporal UI shows of a run. */
export interface Metadata {
  /** Its current details: the story that `workflows/lib/story.ts` writes, a line each. */
  story: readonly string[];
  /** The signals that it has handlers for, each with how the handler describes itself. */
  signals: ReadonlyMap<string, string>;
}

/** Everything that happens to a run at one instant: one workflow task. */
export interface Activation {
  /** Unix ms. */
  at: number;
  jobs: readonly Job[];
  /** How many events the history has by then. */
  historyLength: number;
}

/** Something that a run asks for. */
export type Command =
  | { kind: 'timer'; seq: number; ms: number; summary?: string }
  | { kind: 'cancel_timer'; seq: number }
  | { kind: 'call'; call: Call }
  | { kind: 'cancel_call'; seq: number }
  | { kind: 'patch'; id: string }
  | { kind: 'completed'; result: unknown }
  | { kind: 'failed'; message: string }
  | { kind: 'cancelled' }
  | { kind: 'continued'; journey: string; args: unknown[]; afterMs: number }
  /** The code has a bug: Temporal would retry this workflow task indefinitely. */
  | { kind: 'stuck'; message: string }
  /** A simulation cannot do this. */
  | { kind: 'not_simulated'; what: string };
