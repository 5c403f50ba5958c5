import { longestPeriodPerValueMs } from '../config/journeys.ts';
import type { Dropped } from '../events/forgiving.ts';
import type { Fact } from './facts.ts';

/** Why somebody did not enter a journey. */
export type KeptOut =
  | 'disabled'
  | 'outside_schedule'
  | 'too_old'
  | 'rule'
  | 'rule_failed'
  | 'rollout'
  | 're_entry'
  | 'already_asked';

/** What was decided when an event was processed. Holds no address and no name. */
export interface Decision {
  event_type: string;
  user_id: string;
  /** When it was decided, Unix ms. */
  at: number;
  /** How many running journeys were told of the event. */
  told: number;
  /** The journey that the event starts; absent when it starts none. */
  journey?: string;
  /** Whether the person entered it. */
  enters?: boolean;
  because?: KeptOut;
  /** A sentence: which setting said so. */
  why?: string;
  /** Optional fields of the event that could not be used, and unknown ones that are probably slips. */
  dropped?: readonly Dropped[];
}

/** A place in a journey that one run at a time, or one in a period, may have. */
export interface Place {
  journey: string;
  /** What is counted beside the person, such as a cart's id; empty: the person alone. */
  per: string;
  rule: 'once' | 'one_running';
  /** With `once`: free again so long after the entry before, by the times of the events, in ms. 0: never. */
  everyMs: number;
  /** When the event happened, Unix ms. */
  happenedAt: number;
}

/** The run that has a place, and since when, Unix ms. */
export interface Holder {
  id: string;
  at: number;
}

/** One entry in a place. */
export interface EntryRecord extends Holder {
  /** When its event happened, Unix ms. */
  happenedAt: number;
}

/**
 * Who entered which journey, and what was decided about each event. A decision is made once: an event that comes again gets the
 * same answer, whichever ingress has it and whatever the rules say by then. The event must have been recorded (events.ts);
 * `settle` and `claim` throw when it was not. Each decision about a journey writes its fact, `entered` or `kept_out`.
 */
export interface Entries {
  /** Records the decision unless there is one. Returns the one that counts. */
  settle(eventId: string, decision: Decision): Promise<Decision>;
  /**
   * The same for an event that wants a place: takes it if it is free, or if `gone` has it. `holder`: another run has it, and
   * nothing was decided.
   */
  claim(eventId: string, decision: Decision, place: Place, gone?: string): Promise<Decision | { holder: Holder }>;
  find(eventId: string): Promise<Decision | undefined>;
}

const dayMs = 86_400_000;

/** A year and a bit. A person has few places for themselves; their carts are many, and each is over one day. */
const placeMs = longestPeriodPerValueMs;

/** How late an event may come and still be counted from both its neighbours. */
const lateMs = 30 * dayMs;

/** The longest that a place with an end may last: partitions are created for it (postgres/partitions.ts). */
const longestMs = placeMs + lateMs;

/** Entries of one person in one place that a period is counted from; an event that comes late may fall between two. */
export const mostEntries = 20;

/** How many entries of one person in this place are kept: of runs that are over, only the last says something. */
export function keptIn({ rule }: Pick<Place, 'rule'>): number {
  return rule === 'one_running' ? 1 : mostEntries;
}

/** Who keeps an event with this id out of a place, of its entries, oldest first. Undefined: it is free. */
export function holderOf(
  { rule, everyMs, happenedAt }: Place,
  entries: readonly EntryRecord[],
  eventId: string,
  gone?: string,
): Holder | undefined {
  const others = entries.filter(({ id }) => id !== eventId);
  if (rule === 'one_running') {
    const last = entries.at(-1);
    return last && last.id !== eventId && last.id !== gone ? last : undefined;
  }
  if (everyMs === 0) return others.at(-1);
  return others.findLast((other) => Math.abs(happenedAt - other.happenedAt) < everyMs);
}

/** How long an entry is kept, in ms; undefined: as long as the person. */
export function keptFor({ per, everyMs }: Pick<Place, 'per' | 'everyMs'>): number | undefined {
  const neededMs = Math.max(placeMs, everyMs + lateMs);
  if (per === '' && (everyMs === 0 || neededMs > longestMs)) return undefined;
  return Math.min(neededMs, longestMs);
}

/** The fact about a decision; undefined when the event starts no journey. */
export function factOf(eventId: string, decision: Decision): Fact | undefined {
  const { at, user_id, journey, enters, because, why } = decision;
  if (journey === undefined || enters === undefined) return undefined;
  const what = enters ? 'entered' : 'kept_out';
  const details = because === undefined ? undefined : { because, why };
  return {
    id: `${eventId}/${journey}/${what}`,
    at,
    what,
    user_id,
    event_id: eventId,
    journey,
    ...(details && { details }),
  };
}
