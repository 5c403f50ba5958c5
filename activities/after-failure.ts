import type { ApplicationFailure } from '@temporalio/common';

import type { Halt } from '../store/stops.ts';
import { claimedElsewhere, giveBack, held } from './claim-email.ts';
import { askAgain } from './decide-doubt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failPermanently, type MailerError, type SendFailure, waitFor } from './failures.ts';
import { park } from './park.ts';
import type { Send } from './send.ts';
import { outOfQuota } from './take-slot.ts';

const longestThrottleMs = 10 * 60_000;

/** Does what each kind of failure asks for, and returns what the attempt fails with. */
export async function afterFailure(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  {
    failure,
    message: detail,
    providerText,
  }: Pick<MailerError, 'message'> & {
    failure: Exclude<SendFailure, { kind: 'accepted_id_unknown' }>;
    providerText?: string;
  },
): Promise<Error> {
  const { store, settings } = deps;
  switch (failure.kind) {
    case 'throttled': {
      const failures = await giveBack(deps, send, claim, { failure: true });
      if (failure.overRate) await store.account.throttled();
      if (failure.thenHalt && failures > 1) return halted(deps, send, failure.thenHalt);
      // Too fast is over within a second, for the limit is lower now. A trouble of the provider takes longer each time.
      const growth = failure.overRate ? 1 : 2 ** Math.max(0, failures - 1);
      return waitFor(Math.min(longestThrottleMs, failure.retryAfterMs * growth), 'Throttled', detail);
    }
    case 'quota_spent':
      await giveBack(deps, send, claim, { failure: true });
      await store.account.quotaSpent(failure.retryAfterMs);
      return outOfQuota(deps, send);
    case 'unavailable': {
      const failures = await giveBack(deps, send, claim, { failure: true });
      return park(deps, send, backoff(failures, settings), 'ProviderUnavailable', detail);
    }
    case 'halted':
      await giveBack(deps, send, claim, { failure: true });
      return halted(deps, send, failure.halt);
    case 'refused':
      if (!(await store.sends.conclude(send.tag, claim, 'refused', detail, providerText))) return claimedElsewhere();
      return failPermanently('EmailRefused', detail);
    case 'ambiguous':
      return inDoubt(deps, send, claim, detail, failure.alert === true);
    default:
      return failure satisfies never;
  }
}

async function halted(deps: ActivityDependencies, send: Send, halt: Halt): Promise<Error> {
  if (await deps.store.stops.close(halt)) deps.log.error({ ...halt }, 'gate.closed');
  return held(deps, send, `gate/${halt.scope}`);
}

/** It may have been sent. Several answers like this in a row, without an accepted email, are a fact about the provider. */
async function inDoubt(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  detail: string,
  unknownAnswer: boolean,
): Promise<ApplicationFailure> {
  if (unknownAnswer) deps.log.error({ message_key: send.messageKey, detail }, 'provider.unknown_answer');
  await deps.health.ambiguous();
  await deps.store.sends.doubt(send, claim, detail).catch(() => undefined); // the next attempt notes it too
  return askAgain({ ageMs: 0 }, deps.settings.settleAfterMs, `it may have been sent: ${detail}`);
}

/** Doubles up to `max_attempts`, then stays at `probe_every`: an outage of the provider loses no email. */
function backoff(failures: number, settings: ActivityDependencies['settings']): number {
  if (failures >= settings.maxAttempts) return settings.probeEveryMs;
  return Math.min(settings.probeEveryMs, settings.backoffMs * 2 ** Math.max(0, failures - 1));
}
