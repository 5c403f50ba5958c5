import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';

/**
 * Quickly here, else patiently there: tries something as a local activity in the current workflow turn, and when that
 * keeps failing does the same as a regular activity, which shows in Temporal UI and waits out an outage. A failure that
 * is permanent by its own word is not tried again anywhere. `conclude` is done with what the quick try gave.
 *
 * Not an async function: for each promise the SDK takes down a stack trace, which costs more than all the rest here.
 */
export function quickly<T, Result = T>(
  here: () => Promise<T>,
  patientlyThere: () => Promise<Result>,
  conclude?: (done: T) => Result | Promise<Result>,
): Promise<Result> {
  return here().then(conclude ?? ((done) => done as unknown as Result), (error: unknown) => {
    if (isCancellation(error) || isPermanent(error)) throw error;
    return patientlyThere();
  });
}

/** A local activity fails with what it threw, a regular one with that as the cause. */
function isPermanent(error: unknown): boolean {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true;
}
