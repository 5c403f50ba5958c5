import { ApplicationFailure } from '@temporalio/common';

import type { Undeliverable } from './check-consent.ts';
import { giveUp } from './decide-doubt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ClaimTerms } from './earlier-attempts.ts';
import { ended } from './ended.ts';
import type { Send, SendResult } from './send.ts';

/** Ends an email that is not to be sent, with the fact that says why. */
export async function endUnsent(
  deps: ActivityDependencies,
  send: Send,
  earlier: ClaimTerms,
  why: Undeliverable,
): Promise<SendResult> {
  const unknown = await letGo(deps, send, earlier, why);
  if (unknown) return unknown;
  await deps.store.sends.endUnsent(send, why);
  return ended(deps, send, { outcome: why });
}

/** Ends an attempt that must not send at this hour. The journey asks again, and passes on which claims sent nothing. */
export function defer(deps: ActivityDependencies, send: Send, until: number): SendResult {
  const { attempt, templateVersion: version } = send;
  const unsent = [...attempt.unsent];
  return ended(deps, send, { outcome: 'deferred', until, version, ...(unsent.length > 0 && { unsent }) });
}

/** Ends an email that cannot be rendered with the data there is. Throws `error`, which says what is missing. */
export async function endUnrendered(
  deps: ActivityDependencies,
  send: Send,
  earlier: ClaimTerms,
  error: unknown,
): Promise<never> {
  if (error instanceof ApplicationFailure && error.nonRetryable) {
    const why = error.type === 'UnsafeEmail' ? 'unsafe_email' : 'missing_data';
    if (!(await letGo(deps, send, earlier, why))) await deps.store.sends.endUnsent(send, why);
  }
  throw error;
}

/**
 * An earlier attempt was decided, and no other is made. Where nothing was sent under its claim, that is given back: else it would
 * stay in doubt. Where it may have been sent, no one knows, and that is the result.
 */
async function letGo(
  deps: ActivityDependencies,
  send: Send,
  { over, possibleDuplicate }: ClaimTerms,
  why: string,
): Promise<SendResult | undefined> {
  if (over === undefined) return undefined;
  if (possibleDuplicate)
    return (await giveUp(deps, send, over, `it may have been sent, and is not repeated: ${why}`)).result;
  await deps.store.sends.release(send.tag, over, { failure: false });
  return undefined;
}
