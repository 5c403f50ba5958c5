import type { Terms } from '../state/rates.ts';
import type { Template } from '../templates/catalogue.ts';

/** One mail on its way: what the steps of `sendEmail` share. */
export interface Send {
  /** Readable, for logs. */
  key: string;
  /** The same, hashed: what the ledger and the provider know it by. */
  tag: string;
  template: Template;
  /** Whose it is. */
  user: string;
  terms: Terms;
}

/** How the next attempt may go on. */
export interface WayIsFree {
  /** Attempts that the provider certainly did not take. */
  failures: number;
  /** The dead attempt whose claim is taken over. */
  over?: string;
  possibleDuplicate?: true;
}

/** Waits up to this long are spent in the activity; longer ones give the worker's place back. */
export const soonMs = 1_000;
