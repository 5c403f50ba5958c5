/** Who goes first: transactional email before marketing email. */
export type Lane = 'transactional' | 'marketing';

/** What decides the order in which emails get their slots. */
export interface Terms {
  lane: Lane;
  /** When its journey asked for it, Unix ms: first asked, first sent, whichever worker is faster. */
  since: number;
}

/** The answer to an email that wants to be sent. */
export type Slot =
  /** Its slot has come and is used: send it now. */
  | { kind: 'slot' }
  /** Not yet. It keeps its place in the queue of its lane, or its booked slot; ask again in so many milliseconds. */
  | { kind: 'wait'; waitMs: number }
  /** The day's quota is spent, or the rest of it is reserved for transactional email. It takes no place. */
  | { kind: 'no_quota' };

/**
 * The shared rate limit: one account, all workers together, by one clock.
 *
 * While the limit cannot be asked (unreachable, frozen, full, read-only) `take` rejects: no slot is available, and emails of every
 * lane are parked. Nothing is lost by that, since the limit remembers nothing that matters: an email whose place was forgotten is
 * queued again by `since`.
 */
export interface Slots {
  /**
   * Asks for the slot of this email; one call in the normal case. Call it right before the claim: a slot is used by being
   * returned. If nothing is sent in it (the claim fails, the reply is lost), it is gone, which costs 1/rate seconds.
   *
   * `id`: the message tag, the same in every attempt, so that a retry finds the place and the slot of the attempt before.
   */
  take(id: string, terms: Terms): Promise<Slot>;
  /**
   * Returns when an email that is held by something else (a gate, a pause, the day's quota, a limit that cannot be asked) asks
   * again, in milliseconds: after `atLeastMs`, plus what it takes to send the emails that were parked before it. So a hundred
   * thousand held emails come back at the rate at which they can be sent. While the limit cannot be asked, each process knows of
   * those that it has parked alone.
   */
  park(lane: Lane, atLeastMs: number): Promise<number>;
}
