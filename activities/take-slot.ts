import type { ActivityDependencies } from './dependencies.ts';
import { waitFor } from './failures.ts';
import type { Send } from './send.ts';
import { park } from './park.ts';

/** An email whose slot is far comes back so much before it: Temporal's timers may be late, and a slot does not wait. */
const earlyMs = 300;

/** While the limiter cannot be asked, nothing is sent: two workers without it would each go at the whole rate. */
const unavailableMs = 2_000;

/** A slot expires this long after it was taken, in ms. */
const slotLastsMs = 250;

/**
 * Returns when the email's slot of the shared rate limit has come. A short wait is spent here; a longer one is thrown with the
 * exact delay, so that it holds no worker.
 *
 * Returns a function that reports whether the slot has expired: after a stalled ledger or in an overloaded worker, two seconds' worth
 * of emails would otherwise be sent in one.
 */
export async function takeSlot(deps: ActivityDependencies, send: Send): Promise<() => boolean> {
  for (let waitedMs = 0; ;) {
    const asked = performance.now();
    const slot = await deps.store.slots
      .take(send.tag, { lane: send.class, since: send.askedAt })
      .catch(() => unavailable(deps, send));
    switch (slot.kind) {
      case 'slot':
        return () => performance.now() - asked > slotLastsMs;
      case 'no_quota':
        throw await outOfQuota(deps, send);
      case 'wait':
        if (waitedMs + slot.waitMs > send.attempt.patienceMs)
          throw waitFor(
            Math.max(earlyMs, slot.waitMs - earlyMs),
            'WaitingForSlot',
            `its slot comes in ${slot.waitMs} ms`,
          );
        await deps.wait(slot.waitMs);
        waitedMs += slot.waitMs;
        break;
      default:
        slot satisfies never;
    }
  }
}

async function unavailable(deps: ActivityDependencies, send: Send): Promise<never> {
  const message = 'the rate limit cannot be asked: Redis is unavailable';
  throw await park(deps, send, unavailableMs, 'SlotsUnavailable', message);
}

/** Room comes as the oldest emails of the day roll off; the account is read every `probe_every`, so asking sooner is idle. */
export function outOfQuota(deps: ActivityDependencies, send: Send): Promise<Error> {
  const reserve = send.class === 'marketing' ? ', but for the transactional reserve' : '';
  return park(deps, send, deps.settings.probeEveryMs, 'QuotaSpent', `the daily quota is spent${reserve}`);
}
