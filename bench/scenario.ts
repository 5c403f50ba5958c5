/** How much is done; each scenario takes what concerns it. */
export interface Sizes {
  emails: number;
  warmUp: number;
  rounds: number;
  sleepers: number;
  /** Mails per second that the account may send while the sleepers wake. */
  wakeRate: number;
  /** Whether `mail` measures its floors too. */
  floors: boolean;
  /** Whether `mail` measures queued emails too. */
  queued: boolean;
  /** How long the provider is away in `outage`. */
  minutes: number;
  /** How many of each `bytes` writes. */
  rows: number;
  /** Whether the servers write to disk before they acknowledge, as with `npm start`. */
  fsync: boolean;
  /** Mails per second that `mail` has measured in this run of the suite. */
  rate?: number;
}

export interface Table {
  title: string;
  rows: string[][];
}

/** What a scenario has found. */
export interface Result {
  /** What the figures depend on, without which they mean nothing. */
  surroundings?: string;
  tables: Table[];
  notes: string[];
  /** The same as numbers, for programs. */
  figures: Record<string, unknown>;
  /** Counts that are not as they must be. Speeds are never among them. */
  mistakes: string[];
}

export type Scenario = (sizes: Sizes, interrupted: Promise<never>) => Promise<Result>;
