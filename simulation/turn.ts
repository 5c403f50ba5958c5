import type { RetryPolicy } from '@temporalio/common';

/**
 * What a run is told and what it asks for, in plain values: the words between the sandbox, which alone knows Temporal's
 * own, and whoever plays the server.
 */

/** An activity that a journey has asked for. */
export interface Call {
  seq: number;
  id: string;
  type: string;
  args: unknown[];
  /** Done in the workflow turn, not by way of a queue. */
  local: boolean;
  retry: RetryPolicy;
  /** From the asking on, with all tries; in milliseconds. */
  scheduleToCloseMs?: number;
}

/** How an activity ended. */
export type Answer = { value: unknown } | { error: unknown } | { cancelled: true };

/** Something that a run is told. */
export type Job =
  | { kind: 'start'; args: readonly unknown[] }
  | { kind: 'signal'; name: string; args: readonly unknown[] }
  | { kind: 'timer_fired'; seq: number }
  | { kind: 'answered'; call: Call; answer: Answer }
  | { kind: 'patch'; id: string }
  | { kind: 'cancel'; reason: string };

/** What a run tells whoever looks at it, such as Temporal UI. */
export interface Metadata {
  /** Its current details: the story that `workflows/lib/story.ts` writes, a line each. */
  story: readonly string[];
  /** The signals that it has handlers for, each with how the handler describes itself. */
  signals: ReadonlyMap<string, string>;
}

/** Everything that a run is told at one moment. */
export interface Activation {
  /** Unix ms. */
  at: number;
  jobs: readonly Job[];
  /** How many events the history has by then. */
  historyLength: number;
  /** What the worker called its code that had this turn; without it, what workers call it now. */
  buildId?: string;
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
  /** The code itself is wrong: Temporal would try this turn again and again. */
  | { kind: 'stuck'; message: string }
  /** What is played here does not have it. */
  | { kind: 'not_simulated'; what: string };
