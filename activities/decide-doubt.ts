import type { Feed } from '../store/feed.ts';
import type { Doubt, SendRecord } from '../store/sends.ts';
import { claimedElsewhere } from './claim-email.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ClaimTerms } from './earlier-attempts.ts';
import { waitFor } from './failures.ts';
import { ended } from './ended.ts';
import type { Send, SendResult } from './send.ts';

/** So many later emails must have been reported before the silence about one says anything. */
const laterReports = 3;

/** How often a transactional email is sent again without knowing what became of the attempt before. */
const mostRepeats = 2;

/** After so long without a fact a marketing email ends `unknown`, and so does a transactional one that was repeated. */
const giveUpMs = 86_400_000;

const longestWaitMs = 600_000;

const longestBehindMs = 3_600_000;

/**
 * An attempt died, or its answer was lost, between its claim and the provider's answer. Facts decide, silence does not:
 *
 * - an operator's decision;
 * - the feed is proven complete past the attempt, and does not have it: it was not sent;
 * - a transactional email is sent again, marked as a possible duplicate, at most twice, and only once the provider has
 *   accepted something since, or as the one canary that tries whether it does.
 *
 * Everything else waits, longer each time; after a day it ends `unknown`, which a later report still corrects.
 */
export async function decideDoubt(
  deps: ActivityDependencies,
  send: Send,
  record: SendRecord,
): Promise<ClaimTerms | { result: SendResult }> {
  const { settleAfterMs } = deps.settings;
  if (send.attempt.way === 'inline')
    throw waitFor(1, 'InDoubt', 'an earlier attempt may have sent it; the queue decides');
  if (record.ageMs < settleAfterMs) throw askAgain(record, settleAfterMs);

  const doubt = await deps.store.sends.doubt(send, record.claim, 'the answer of an attempt was lost');
  if (doubt.decision === 'send') return { over: record.claim };
  if (doubt.decision === 'give_up')
    return giveUp(deps, send, record.claim, 'an operator decided that nothing more is tried');

  const feed = await deps.store.feed.since(record.dispatchedAt);
  if (isComplete(feed, record, settleAfterMs)) return { over: record.claim };

  if (!isBehind(feed, record, settleAfterMs) && (await mayRepeat(deps, send, record)))
    return { over: record.claim, possibleDuplicate: true };
  if (doubt.ageMs > giveUpMs)
    return giveUp(deps, send, record.claim, 'the answer was lost, and within a day nothing said what became of it');
  throw askAgain(record, settleAfterMs);
}

/**
 * All ingresses have processed what the provider reported up to the attempt, and longer after it than any report has taken; and
 * later emails were reported. Reports come out of order, so one later report proves nothing.
 */
function isComplete({ readUntil, laterReported, slowestMs }: Feed, record: SendRecord, settleAfterMs: number): boolean {
  const margin = Math.max(settleAfterMs, 2 * slowestMs);
  return readUntil !== undefined && readUntil >= record.dispatchedAt + margin && laterReported >= laterReports;
}

/** What the provider has reported about it may still wait in a queue, or with an ingress that died: it is waited for, up to an hour. */
function isBehind({ readUntil }: Feed, record: SendRecord, settleAfterMs: number): boolean {
  return readUntil !== undefined && readUntil < record.dispatchedAt + settleAfterMs && record.ageMs < longestBehindMs;
}

/** The feed gets half as long again as it needs at least, so that a fact decides where there is one; each repetition waits twice as long. */
async function mayRepeat({ health, settings }: ActivityDependencies, send: Send, record: SendRecord): Promise<boolean> {
  if (send.class !== 'transactional' || record.repeats >= mostRepeats) return false;
  if (record.ageMs < 1.5 * settings.settleAfterMs * 2 ** record.repeats) return false;
  return (await health.acceptedSince(record.dispatchedAt)) || health.takeCanary(send.tag);
}

/** Nothing more is tried after this claim, and no one knows what became of it. */
export async function giveUp(
  deps: ActivityDependencies,
  send: Send,
  claim: string,
  why: string,
): Promise<{ result: SendResult }> {
  if (!(await deps.store.sends.conclude(send.tag, claim, 'unknown', why))) throw claimedElsewhere();
  if (send.class === 'transactional') deps.log.error({ message_key: send.messageKey, why }, 'email.unknown');
  return { result: ended(deps, send, { outcome: 'unknown' }) };
}

/** A tenth of what it has waited, so that a doubt of hours costs no more than one of minutes. */
export function askAgain(
  { ageMs }: Pick<Doubt, 'ageMs'>,
  settleAfterMs: number,
  why = 'an earlier attempt may have sent it',
) {
  const due = ageMs < settleAfterMs ? settleAfterMs - ageMs : longestWaitMs;
  const ms = Math.min(due, longestWaitMs, Math.max(1_000, settleAfterMs / 12, ageMs / 10));
  return waitFor(ms, 'InDoubt', `${why}; facts decide: rivulet in-doubt list`);
}
