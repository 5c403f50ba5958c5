/**
 * How far the ingresses have read what the provider reports of its own accord (bounces, deliveries ...), and which emails it has
 * reported. It decides about emails in doubt: an email that the feed has provably passed without reporting it was not sent.
 */
export interface FeedProgress {
  /**
   * This ingress has processed everything that the provider reported until `lagMs` ago (by the clock of the store), and will say
   * so again within the lease of 30 seconds. An ingress that does not know must not call it.
   */
  progress(ingress: string, lagMs: number): Promise<void>;
  /** This ingress reads no more, and holds nothing that is not processed. */
  leave(ingress: string): Promise<void>;
  /**
   * Adds to the counts of emails that the feed reported for the first time. Not to be repeated when its answer was lost: counts may
   * be too low, but not too high.
   */
  reported(minutes: readonly ReportedMinute[]): Promise<void>;
  /** What the feed says about an email that was dispatched at this instant (Unix ms, by the clock of the store). */
  since(dispatchedAt: number): Promise<Feed>;
}

/** Emails dispatched within one minute. */
export interface ReportedMinute {
  /** The beginning of the minute, Unix ms. */
  minute: number;
  /** How many of them were reported. */
  reported: number;
  /** From dispatch to the report, the slowest, in ms. */
  slowestMs: number;
}

/** The feed as seen from one email. */
export interface Feed {
  /**
   * Everything that the provider reported until then has been processed, by all ingresses that read the feed: Unix ms. Absent
   * when no ingress says how far it is.
   */
  readUntil?: number;
  /** Reported emails that were dispatched in a later minute. */
  laterReported: number;
  /** From dispatch to the report, the slowest of the last three days, in ms; 0 when nothing was reported. */
  slowestMs: number;
}

/** How long an ingress may be silent before the others count without it, in ms. What it holds must be with others by then. */
export const leaseMs = 30_000;

export const minuteMs = 60_000;

/** How far back the slowest report is looked for, in ms. */
export const slowestWithinMs = 3 * 86_400_000;

/** A report that comes later than this says nothing about any email in doubt, in ms. */
export const countedWithinMs = 14 * 86_400_000;

/** The minute of an instant, Unix ms. */
export function minuteOf(at: number): number {
  return at - (at % minuteMs);
}
