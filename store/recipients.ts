/** What the recipient workflow of an address knows. Kept here between two runs, since a run ends when it is idle. */
export interface RecipientState {
  /** Soft bounces in a row, and when the first of them came (Unix ms). */
  softBounces: number;
  softSince?: number;
  /** Bounces in a row because the domain does not exist. */
  noDomain: number;
  /** How often weeks of soft bounces have suppressed the address for a time. */
  timeouts: number;
  /** When that ends, Unix ms. */
  suppressedUntil?: number;
  /** Short hashes of the feedback that has been applied, oldest first. */
  seen: string[];
}

export interface Recipients {
  recall(addressHash: string): Promise<RecipientState | undefined>;
  remember(addressHash: string, state: RecipientState): Promise<void>;
  /** Returns whether a delivery would end a streak of bounces. Most addresses have none, and their deliveries start no workflow. */
  hasStreak(addressHash: string): Promise<boolean>;
}

/** Longer than any streak lasts; a state that was not updated for so long no longer counts. In ms. */
export const rememberMs = 400 * 86_400_000;

/** Bounces in a row, of either kind. */
export function streakOf({ softBounces, noDomain }: RecipientState): number {
  return softBounces + noDomain;
}
