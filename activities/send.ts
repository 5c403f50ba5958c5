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
  /** A wait up to this long is spent in the attempt, in ms; a longer one gives the worker's place back. */
  patienceMs: number;
}

/** How the next attempt may go on. */
export interface WayIsFree {
  /** Attempts that the provider certainly did not take. */
  failures: number;
  /** The dead attempt whose claim is taken over. */
  over?: string;
  possibleDuplicate?: true;
}

/** `at_once`: in the workflow turn, where nothing may be in doubt. `patiently`: on the queue. */
export type Way = 'at_once' | 'patiently';

/** On the queue an attempt waits for its last second. */
export const soonMs = 1_000;

/** In a workflow turn it waits a moment: while a turn is under way, its run hears nothing, not even that it is cancelled. */
const momentMs = 250;

export const patienceMs: Readonly<Record<Way, number>> = { at_once: momentMs, patiently: soonMs };
