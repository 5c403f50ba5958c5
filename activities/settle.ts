import type { ApplicationFailure } from '@temporalio/common';

import type { SendRecord } from '../state/sends.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { tryAgainIn } from './failures.ts';
import type { Send, WayIsFree } from './send.ts';

/** What the feed told may wait in NATS while ingress is down. It is waited for: it decides. */
const waitForIngressMs = 3_600_000;

/** When no later mail has left, nothing shows that the feed is alive. One is waited for before a mail is given up. */
const windowsWhileQuiet = 3;

/**
 * An attempt died, or its answer was lost, between its claim and the provider's answer. The event feed tells whether the
 * mail left: if it did, its record says accepted by now; if the feed has told of a later mail but not of this one, it did
 * not. Gives 'unknown' when nothing will tell: a marketing mail is not sent again, a transactional one is, once.
 */
export async function settle(
  deps: Pick<ActivityDependencies, 'memory' | 'settings'>,
  send: Send,
  record: SendRecord,
): Promise<WayIsFree | 'unknown'> {
  const { settleAfterMs } = deps.settings;
  if (record.ageMs < settleAfterMs) throw lookAgain(settleAfterMs, settleAfterMs - record.ageMs);

  const feed = await deps.memory.sends.feedSince(record.dispatchedAt, settleAfterMs);
  if (feed === 'behind' && record.ageMs < waitForIngressMs) throw lookAgain(settleAfterMs);
  if (feed === 'passed') return { failures: record.failures, over: record.claim };
  if (send.template.class === 'transactional' && !record.sentAgain) {
    return { failures: record.failures, over: record.claim, possibleDuplicate: true };
  }
  if (feed === 'quiet' && record.ageMs < windowsWhileQuiet * settleAfterMs) throw lookAgain(settleAfterMs);
  await deps.memory.sends.conclude(send.tag, 'unknown', 'the answer was lost and the event feed is silent');
  return 'unknown';
}

/** The mail may have left: nothing is sent before the feed has had its time to tell. */
export function lookAgain(settleAfterMs: number, atMostMs = Infinity, why = 'an earlier attempt may have sent this') {
  const ms = Math.min(atMostMs, Math.max(1_000, settleAfterMs / 12));
  return tryAgainIn(ms, 'Settling', `${why}; asking the event feed for up to ${settleAfterMs} ms`);
}

/** Another attempt has this mail: what it makes of it is read next time. */
export function overtaken(): ApplicationFailure {
  return tryAgainIn(1, 'Settling', 'another attempt has this mail');
}
