import type { SharedReason } from './suppressions.ts';

/** An operator has lifted these reasons (all, without one) from an address. Noted until the provider's list follows. */
export interface Lift {
  addressHash: string;
  reason?: SharedReason;
  /** Unix ms, by the store's clock. */
  at: number;
}

/** What is left to settle between our suppressions and the provider's list. Holds no address. */
export interface SuppressionSync {
  /** Notes that the provider's list has to forget this. Called before the suppression is lifted here, or a sync could bring it back. */
  lift(addressHash: string, reason?: SharedReason): Promise<void>;
  lifts(): Promise<Lift[]>;
  /** Hashes of addresses with suppressions that the provider's list lacks, page by page. `Suppressions.add` notes them. */
  unreported(): AsyncIterable<string[]>;
  /** The provider's list has these reasons now, or will never have them. */
  reported(addressHash: string, reasons: readonly SharedReason[]): Promise<void>;
  /** The store's clock, Unix ms: the one that `Lift.at` is by. */
  now(): Promise<number>;
  /** When the last complete reading of the provider's list began, Unix ms. */
  lastRead(): Promise<number | undefined>;
  /**
   * The list was read to its end, from `startedAt` (Unix ms) on, and no longer has what these lifts name. A lift that is
   * noted again meanwhile stays, and so does one that became visible after they were read.
   */
  read(startedAt: number, settled: readonly Lift[]): Promise<void>;
  /** How far a run of the sync has come, for its next attempt. */
  progress<Progress>(run: string): Promise<Progress | undefined>;
  keepProgress(run: string, progress: object): Promise<void>;
}
