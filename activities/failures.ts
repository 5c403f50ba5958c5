import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

import type { Halt } from '../state/stops.ts';

/**
 * Everything that can go wrong with a send, as a closed list. The kind says what happens next, not what went wrong:
 *
 * | kind                | the mail | what happens next |
 * |---------------------|----------|-------------------|
 * | throttled           | did not leave | tried again after the wait that the answer asks for; `overRate` slows all workers down, `thenHalt` closes a gate the second time |
 * | unavailable         | did not leave | tried again with growing waits, then at `probe_every`, until it leaves |
 * | quota_spent         | did not leave | tried again when the provider's daily quota has room |
 * | halted              | did not leave | a gate closes: everything it stops waits until a probe or an operator opens it; nobody's journey fails |
 * | refused             | did not leave | never tried again: this mail as it is will not be taken |
 * | ambiguous           | may have left | settled first (see send-email.ts), never sent blindly; `alert` when nobody knows this answer |
 * | accepted_id_unknown | left | done; the id comes with the event feed |
 */
export type SendFailure =
  | { kind: 'throttled'; retryAfterMs: number; overRate?: true; thenHalt?: Halt }
  | { kind: 'unavailable' }
  | { kind: 'quota_spent'; retryAfterMs: number }
  | { kind: 'halted'; halt: Halt }
  | { kind: 'refused' }
  | { kind: 'ambiguous'; alert?: true }
  | { kind: 'accepted_id_unknown' };

/** A mailer's answer when a mail was not simply accepted. `detail` is the provider's text without addresses. */
export class MailerError extends Error {
  override readonly name = 'MailerError';
  readonly failure: SendFailure;
  constructor(failure: SendFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

/** The types a failed activity has in Temporal. Those in `permanentFailures` are never retried. */
export type FailureType =
  | 'RateLimited'
  | 'Throttled'
  | 'QuotaSpent'
  | 'ProviderUnavailable'
  | 'SendingHalted'
  | 'Paused'
  | 'LedgerUnreadable'
  | 'Settling'
  | 'MailRefused'
  | 'TemplateMissing'
  | 'MissingData'
  | 'UnsafeMail';

export const permanentFailures = [
  'MailRefused',
  'TemplateMissing',
  'MissingData',
  'UnsafeMail',
] as const satisfies FailureType[];

/** Not a failure but a wait: Temporal tries again after exactly `ms`, holds no worker slot and counts no error. */
export function tryAgainIn(ms: number, type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nextRetryDelay: Math.max(1, Math.ceil(ms)),
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** The activity fails for good, and with it the journey's call: a person has to look at it. */
export function neverAgain(type: (typeof permanentFailures)[number], message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
