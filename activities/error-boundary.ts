import { randomBytes } from 'node:crypto';

import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { Logger } from 'pino';

import { cut } from '../config/scrub.ts';
import { unavailableCode } from '../runtime/unavailable.ts';

/** What Temporal calls an error that no activity foresaw. The engine tries both again, as the activity's retry policy says. */
export type BoundaryFailureType = 'DependencyUnavailable' | 'UnexpectedError';

const sentences: Readonly<Record<BoundaryFailureType, string>> = {
  DependencyUnavailable: 'Something that this step needs cannot be reached; the step is tried again.',
  UnexpectedError: "An error that nobody foresaw; the worker's log has it under this reference.",
};

const longestMessage = 500;

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Wraps every activity that a worker registers. Temporal keeps an error with its message, its stack and the chain of its causes,
 * and shows it to everybody who may look at a run, so no error of somebody else's may get there: libraries quote addresses,
 * queries and whole requests. What leaves an activity is a failure of ours without a cause, or Temporal's own cancellation.
 */
export function withErrorBoundary<Activities extends { [Name in keyof Activities]: Activity }>(
  activities: Activities,
  log: Pick<Logger, 'error' | 'warn'>,
): Activities {
  const wrap = (name: string, activity: Activity): Activity => {
    return async (...args) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error, name, log);
      }
    };
  };
  const wrapped = Object.entries<Activity>(activities).map(([name, activity]) => [name, wrap(name, activity)] as const);
  return Object.fromEntries(wrapped) as unknown as Activities;
}

function toFailure(error: unknown, activity: string, log: Pick<Logger, 'error' | 'warn'>): Error {
  if (error instanceof ApplicationFailure) return ours(error);
  if (error instanceof CompleteAsyncError) return error;
  if (error instanceof CancelledFailure || isCancelled()) return new CancelledFailure('the activity was cancelled');
  const away = !(error instanceof TemporalFailure) && unavailableCode(error) !== undefined;
  const type = away ? 'DependencyUnavailable' : 'UnexpectedError';
  const reference = randomBytes(4).toString('hex');
  log[type === 'UnexpectedError' ? 'error' : 'warn'](
    { activity, reference, type, ...factsOf(error) },
    'activity failed',
  );
  return ours(ApplicationFailure.create({ type, message: `${sentences[type]} (${reference})` }));
}

/** The same failure without a cause, and without what others have called on the way to it. */
function ours(failure: ApplicationFailure): ApplicationFailure {
  const { type, nonRetryable, details, nextRetryDelay, category } = failure;
  const message = cut(failure.message, longestMessage);
  const bare = ApplicationFailure.create({
    message,
    ...(type != null && { type }),
    ...(nonRetryable != null && { nonRetryable }),
    ...(details != null && { details }),
    ...(nextRetryDelay != null && { nextRetryDelay }),
    ...(category != null && { category }),
  });
  bare.stack = [`ApplicationFailure: ${message}`, ...ownFrames(failure)].join('\n');
  return bare;
}

/** Whether Temporal wants this activity to end; false outside of one, as in a test. */
function isCancelled(): boolean {
  try {
    return Context.current().cancellationSignal.aborted;
  } catch {
    return false;
  }
}

/** Of an unforeseen error what no library fills with values: for errors of the language the message names our own code. */
function factsOf(error: unknown): object {
  if (!(error instanceof Error)) return { thrown: typeof error };
  const { code } = error as { code?: unknown };
  return {
    error: /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : 'Error',
    ...(typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) && { code }),
    ...((error instanceof TypeError || error instanceof ReferenceError) && {
      said: cut(error.message, longestMessage),
    }),
    frames: framesOf(error),
  };
}

/** A stack begins with the message, whose lines may look like anything: only what follows it is read, where that can be known. */
function framesOf({ message, stack = '' }: Error): string[] {
  const begins = stack.indexOf(message);
  if (begins < 0) return [];
  return cut(stack.slice(begins + message.length), 8_000)
    .split('\n')
    .filter((line) => /^ {4}at \S.*:\d+:\d+\)?$/.test(line))
    .map((line) => cut(line.trim(), 200))
    .slice(0, 20);
}

function ownFrames(failure: Error): string[] {
  return framesOf(failure)
    .filter((frame) => !frame.includes('node_modules') && !frame.includes('node:'))
    .map((frame) => `    ${frame}`);
}
