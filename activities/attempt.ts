import { randomUUID } from 'node:crypto';

import { Context } from '@temporalio/activity';

import { type Attempt, inlinePatienceMs, queuedPatienceMs, type SendRequest } from './send.ts';

/** Claims that are remembered as unsent: one for each attempt whose release got no answer. */
const mostUnsent = 20;

/**
 * The attempt that Temporal runs now. A local activity that is run again after its workflow task was lost has the same ids and the
 * same attempt number, while the first execution may still be under way: so every execution has a claim of its own.
 */
export function attemptOfTemporal(request: SendRequest, way: Attempt['way']): Attempt {
  const { info } = Context.current();
  const { activityId, attempt, workflowExecution, currentAttemptScheduledTimestampMs: scheduled } = info;
  const isFirst = attempt === 1 && scheduled - info.scheduledTimestampMs < 10;
  const unsent = [...((info.heartbeatDetails as { unsent?: string[] } | undefined)?.unsent ?? request.unsent ?? [])];
  return {
    id: `${workflowExecution?.runId ?? ''}/${activityId}/${attempt}/${randomUUID().slice(0, 8)}`,
    way,
    isFirst,
    patienceMs: way === 'inline' ? inlinePatienceMs : queuedPatienceMs,
    askedForMs: Math.max(0, scheduled - (request.since ?? request.event.timestamp)),
    unsent,
    leaveUnsent(claim) {
      unsent.push(claim);
      if (unsent.length > mostUnsent) unsent.shift();
      if (way === 'queued') Context.current().heartbeat({ unsent }); // the next attempt reads it
    },
  };
}
