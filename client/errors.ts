import type { RefusalReason } from '../events/parse.ts';

/** The event is invalid; nothing was sent. The message names each field and says what would be right, and quotes no value. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly reason: RefusalReason;

  constructor(message: string, reason: RefusalReason) {
    super(message);
    this.reason = reason;
  }
}

/**
 * NATS has not acknowledged the event in time. It may be stored all the same: publish it again, with the same `event_id`, and it is one
 * event.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** NATS refuses: the credentials, the permission to publish, or a limit of the stream. It does so again until that is changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
