import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/**
 * Quickly here, else patiently there: tries something as a local activity in the current workflow turn, and when that
 * keeps failing does the same as a regular activity, which shows in Temporal UI and waits out an outage. A failure that
 * is permanent by its own word is not tried again anywhere.
 */
export async function quickly<T>(here: () => Promise<T>, patientlyThere: () => Promise<T>): Promise<T> {
  try {
    return await here();
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isPermanent(error.cause)) throw error;
    return patientlyThere();
  }
}

function isPermanent(cause: unknown): boolean {
  return cause instanceof ApplicationFailure ? cause.nonRetryable === true : false;
}
