import { randomUUID } from 'node:crypto';

import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** An answer this young is good enough for everything that failed at about the same time, in ms. */
const freshMs = 250;

/** Not much shorter than a start may take: a Temporal that is slow, and starts journeys all the same, must not stop every lane. */
const deadlineMs = 5_000;

/** Resolves when everything that every message needs is available; rejects with the reason when something is not. */
export type Probe = () => Promise<void>;

/** Many messages may fail at once: they share one probe. */
export function createProbe(checks: readonly (() => Promise<unknown>)[]): Probe {
  let last: { at: number; answer: Promise<void> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > freshMs) {
      const answer = Promise.all(checks.map((check) => check())).then(() => undefined);
      answer.catch(() => undefined); // each caller handles its own
      last = { at: performance.now(), answer };
    }
    return last.answer;
  };
}

/**
 * Signals a run that does not exist. Its history would be kept where those of events are, each time in another shard: a frontend
 * that answers `describeNamespace` may have lost them.
 */
export async function historyAnswers(client: Client): Promise<void> {
  try {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow.getHandle(`probe/${randomUUID()}`).signal('probe'),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
