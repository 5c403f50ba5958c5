/** What the provider allows, as it was last read. */
export interface AllowedByProvider {
  /** Emails per second. */
  maxPerSecond: number;
  /** Emails within any 24 hours; -1 without a limit. */
  max24Hours: number;
  /** How many of them were used when this was read. */
  sent24Hours: number;
}

/**
 * The provider's account as all workers see it. Every method rejects while it cannot be asked. What it knows may be lost at
 * any time; then the configured rate applies, without a quota, until the account is read again.
 */
export interface Account {
  /** Records what a reading call returned. Ends `quotaSpent` when there is room again. */
  allowed(limits: AllowedByProvider): Promise<void>;
  /** The provider refused an email for going too fast: all workers go 15 % slower and recover within a minute. */
  throttled(): Promise<void>;
  /** The provider refused an email because the day's quota is spent: no email is sent for so long, or until a reading shows room. */
  quotaSpent(forMs: number): Promise<void>;
  state(): Promise<AccountState>;
  /** True for one caller within `everyMs`, and soon while nothing is known: the one that gets it reads what the provider allows. */
  readingIsDue(everyMs: number): Promise<boolean>;
  /** Takes the slot of one reading call and returns 0, or returns how long until the next one, in milliseconds. */
  readingTurn(): Promise<number>;
}

export interface AccountState {
  /** Emails per second that may be sent now. */
  perSecond: number;
  allowed?: AllowedByProvider;
  /** Emails that may still be sent today, by the last reading and what was sent since; absent without a limit. */
  quotaLeft?: number;
}
