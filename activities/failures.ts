import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

import type { Halt } from '../store/stops.ts';

/**
 * Everything that can go wrong with a call to the provider, as a closed list. The kind says what happens next:
 *
 * | kind                | the email | what happens next |
 * |---------------------|-----------|-------------------|
 * | throttled           | not sent | retried after the wait that the answer asks for; `overRate` slows all workers down, `thenHalt` closes a gate the second time |
 * | unavailable         | not sent | retried with growing waits, then at `probe_every`, until it is sent |
 * | quota_spent         | not sent | retried when the provider's daily quota has room |
 * | halted              | not sent | a gate closes: everything it stops waits until a probe or an operator opens it; no run fails |
 * | refused             | not sent | never retried: this email as it is will not be accepted |
 * | ambiguous           | may have been sent | in doubt: facts decide (decide-doubt.ts), it is never sent blindly; `alert` when this answer is unknown |
 * | accepted_id_unknown | sent | done; the id comes with the feed |
 */
export type SendFailure =
  | { kind: 'throttled'; retryAfterMs: number; overRate?: true; thenHalt?: Halt }
  | { kind: 'unavailable' }
  | { kind: 'quota_spent'; retryAfterMs: number }
  | { kind: 'halted'; halt: Halt }
  | { kind: 'refused' }
  | { kind: 'ambiguous'; alert?: true }
  | { kind: 'accepted_id_unknown' };

/** A mailer's answer when an email was not simply accepted. `detail` is the provider's text without addresses. */
export class MailerError extends Error {
  override readonly name = 'MailerError';
  readonly failure: SendFailure;
  constructor(failure: SendFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

/** Why an email waits. The type says what the engine does; each has one meaning, since operators read it in the Temporal UI. */
export type WaitType =
  | 'WaitingForSlot' // the shared rate limit: its slot comes later
  | 'SlotsUnavailable' // the rate limit cannot be asked: Redis is unavailable
  | 'StoreUnavailable' // Postgres is unavailable
  | 'NoCapacityHere' // too many slow calls to the provider in this worker's workflow tasks: the queue sends it
  | 'ChangedSinceLook' // what is known of the person changed between the look and the claim: it is looked at again
  | 'ClaimedElsewhere' // another attempt claimed it at this moment: the next one reads what became of it
  | 'StartedAsOtherVersion' // an earlier attempt began with another template version: the queue continues with that
  | 'NotKnownYet' // nobody has recorded the person's address, or what they said about the topic
  | 'InDoubt' // an earlier attempt may have sent it: facts decide
  | 'Throttled'
  | 'QuotaSpent'
  | 'ProviderUnavailable'
  | 'GateClosed'
  | 'Paused'
  | 'NeverAnHour' // the sending times of its journey and topic have no minute in common
  | 'TemplateMissing'; // this version is not in the record: restored from an old backup, or not published yet

/** Types that Temporal never retries: someone has to look at the run. */
export const permanentFailures = ['EmailRefused', 'MissingData', 'UnsafeEmail'] as const;

/** Not a failure but a wait: Temporal retries after exactly `ms`, holds no worker slot and counts no error. */
export function waitFor(ms: number, type: WaitType, message: string, ...details: unknown[]): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    details,
    nextRetryDelay: Math.max(1, Math.ceil(ms)),
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** The activity fails permanently, and with it the journey's call. */
export function failPermanently(type: (typeof permanentFailures)[number], message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
