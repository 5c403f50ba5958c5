import type { ApplicationFailure } from '@temporalio/common';

import { withoutAddresses } from '../config/scrub.ts';
import type { Turn } from '../state/rates.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type FailureType, tryAgainIn } from './failures.ts';
import { type Send, soonMs } from './send.ts';

/** A mail whose slot is far comes back so much before it: Temporal's timers may be late, and a slot does not wait. */
const earlyMs = 300;

/**
 * A mail that a gate or a pause holds asks again after a tenth of the time that it has waited, within these bounds, or later
 * when many are held: each time it asks is an Action of Temporal, and nobody minds a tenth.
 */
const [soonestMs, latestMs] = [1_000, 30_000];

type Waiting = Pick<ActivityDependencies, 'memory' | 'wait' | 'localPace' | 'log' | 'settings'>;

/**
 * Returns when the mail may leave. A short wait is spent here; a longer one fails the attempt with the exact delay, so that
 * it holds no worker. Nothing in the way of a mail counts as one of its failures.
 */
export async function waitForTurn(deps: Waiting, send: Send): Promise<void> {
  for (let waitedMs = 0; ;) {
    const turn = await reserve(deps, send);
    if (turn.kind === 'stopped') throw await held(deps, send, turn.by);
    if (turn.kind === 'no_quota') throw await outOfQuota(deps, send);
    if (turn.waitMs + (turn.kind === 'slot' ? 0 : waitedMs) > send.patienceMs) {
      throw backBefore(turn.waitMs);
    }
    await deps.wait(turn.waitMs);
    if (turn.kind === 'slot') return;
    waitedMs += turn.waitMs;
  }
}

/** Its turn comes in so many milliseconds. */
export function backBefore(waitMs: number): ApplicationFailure {
  return tryAgainIn(Math.max(earlyMs, waitMs - earlyMs), 'RateLimited', `its turn comes in ${waitMs} ms`);
}

/** When the shared limit cannot be asked, marketing waits until it can; transactional mail goes at this worker's share. */
async function reserve(deps: Waiting, send: Send): Promise<Turn> {
  try {
    return await deps.memory.rates.reserve(send.tag, send.terms);
  } catch (error) {
    if (send.terms.lane === 'marketing') throw error;
    deps.log.warn(
      { message_key: send.key, err: error },
      "the rate limit cannot be asked; going at this worker's share",
    );
    return { kind: 'slot', waitMs: deps.localPace() };
  }
}

/** A gate or a pause is in the way; `by` is its name in the hash of stops. Histories keep this, so the sender's address is left out. */
export async function held(deps: Waiting, send: Send, by: string): Promise<ApplicationFailure> {
  const heldMs = Math.min(latestMs, Math.max(soonestMs, Math.round((Date.now() - send.terms.since) / 10)));
  const [kind, scope] = [by.slice(0, by.indexOf('/')), withoutAddresses(by.slice(by.indexOf('/') + 1))];
  return kind === 'gate'
    ? later(deps, send, heldMs, 'SendingHalted', `the gate "${scope}" is closed; rivulet gate list tells why`)
    : later(deps, send, heldMs, 'Paused', `paused: ${scope}; rivulet resume lets it go on`);
}

/** Room comes as the oldest mails of the day roll off; the account is read every `probe_every`, so asking sooner is idle. */
export function outOfQuota(deps: Waiting, send: Send): Promise<ApplicationFailure> {
  const what = send.terms.lane === 'marketing' ? 'is spent, but for the transactional reserve' : 'is spent';
  return later(deps, send, deps.settings.probeEveryMs, 'QuotaSpent', `the day's quota ${what}`);
}

/** Other mails have left instead, again and again. */
export function crowded(deps: Waiting, send: Send): Promise<ApplicationFailure> {
  return later(deps, send, soonMs, 'RateLimited', 'other mails go first');
}

/** Comes back after `atLeastMs`, all that wait together at the rate at which they could leave. */
export async function later(
  deps: Waiting,
  send: Send,
  atLeastMs: number,
  type: FailureType,
  message: string,
): Promise<ApplicationFailure> {
  return tryAgainIn(await deps.memory.rates.park(send.terms.lane, atLeastMs), type, message);
}
