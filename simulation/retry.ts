import { ApplicationFailure, ensureApplicationFailure } from '@temporalio/common';

import type { Call } from './turn.ts';

/** When Temporal tries an activity again that has failed (Unix ms); undefined when it does not. */
export function nextTry(call: Call, error: unknown, attempt: number, askedAt: number, at: number): number | undefined {
  const { retry, scheduleToCloseMs = Infinity } = call;
  const failure = error instanceof ApplicationFailure ? error : ensureApplicationFailure(error);
  const never = failure.nonRetryable || retry.nonRetryableErrorTypes?.includes(failure.type ?? '');
  if (never || attempt >= (retry.maximumAttempts || Infinity)) return undefined;
  const next = at + Math.max(1, Number(failure.nextRetryDelay ?? backoff(call, attempt)));
  return next - askedAt < scheduleToCloseMs ? next : undefined;
}

/** Temporal's own defaults where the journey says nothing. */
function backoff({ retry }: Call, attempt: number): number {
  const first = Number(retry.initialInterval ?? 1_000);
  return Math.min(
    Number(retry.maximumInterval ?? first * 100),
    first * (retry.backoffCoefficient ?? 2) ** (attempt - 1),
  );
}
