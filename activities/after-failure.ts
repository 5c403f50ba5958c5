import type { ApplicationFailure } from '@temporalio/common';

import type { Halt } from '../state/stops.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type MailerError, neverAgain, type SendFailure, tryAgainIn } from './failures.ts';
import type { Send } from './send.ts';
import { lookAgain } from './settle.ts';
import { held, later, outOfQuota } from './wait-for-turn.ts';

type Deps = Pick<ActivityDependencies, 'memory' | 'wait' | 'localPace' | 'log' | 'settings'>;

const longestThrottleMs = 10 * 60_000;

/** Does what each kind of failure asks for, and gives what the attempt fails with. */
export async function afterFailure(
  deps: Deps,
  send: Send,
  claim: string,
  {
    failure,
    message: detail,
  }: Pick<MailerError, 'message'> & { failure: Exclude<SendFailure, { kind: 'accepted_id_unknown' }> },
): Promise<ApplicationFailure> {
  const { memory, settings } = deps;
  switch (failure.kind) {
    case 'throttled': {
      const failures = await memory.sends.release(send.tag, claim);
      if (failure.overRate) await memory.account.throttled();
      if (failure.thenHalt && failures > 1) return halted(deps, send, failure.thenHalt);
      // Too fast is over within a second, for the limit is lower now. A trouble of the service takes longer each time.
      const growth = failure.overRate ? 1 : 2 ** Math.max(0, failures - 1);
      return tryAgainIn(Math.min(longestThrottleMs, failure.retryAfterMs * growth), 'Throttled', detail);
    }
    case 'quota_spent':
      await memory.sends.release(send.tag, claim);
      await memory.account.quotaSpent(failure.retryAfterMs);
      return outOfQuota(deps, send);
    case 'unavailable': {
      const failures = await memory.sends.release(send.tag, claim);
      return later(deps, send, backoff(failures, settings), 'ProviderUnavailable', detail);
    }
    case 'halted':
      await memory.sends.release(send.tag, claim);
      return halted(deps, send, failure.halt);
    case 'refused':
      await memory.sends.conclude(send.tag, 'refused', detail);
      return neverAgain('MailRefused', detail);
    case 'ambiguous':
      if (failure.alert)
        deps.log.error({ message_key: send.key, detail }, 'an answer that nobody knows: the mail may have left');
      return lookAgain(settings.settleAfterMs, Infinity, `it may have left: ${detail}`);
    default:
      return failure satisfies never;
  }
}

async function halted(deps: Deps, send: Send, halt: Halt): Promise<ApplicationFailure> {
  if (await deps.memory.stops.close(halt))
    deps.log.error({ ...halt }, 'gate closed: what it stops waits until it is opened');
  return held(deps, send, `gate/${halt.scope}`);
}

/** Doubles up to `max_attempts`, then stays at `probe_every`: a provider that is away loses nobody. */
function backoff(failures: number, settings: ActivityDependencies['settings']): number {
  if (failures >= settings.maxAttempts) return settings.probeEveryMs;
  return Math.min(settings.probeEveryMs, settings.backoffMs * 2 ** Math.max(0, failures - 1));
}
