import type { Decisive } from './consents.ts';

export const suppressionReasons = [
  'hard_bounce',
  'complaint',
  'soft_bounces',
  'invalid_address',
  'provider_list',
  'unsubscribed',
  'manual',
] as const;

/**
 * Why an address gets no email. `soft_bounces`: it was unreachable for weeks. `invalid_address`: the provider's own
 * validation rejects it. `provider_list`: it is on a list of the provider that does not say why. `unsubscribed`: an opt-out that
 * was imported before any person had the address.
 */
export type SuppressionReason = (typeof suppressionReasons)[number];

export interface Suppression {
  reason: SuppressionReason;
  /** `marketing` does not stop transactional email. */
  scope: 'all' | 'marketing';
  /** Unix ms. */
  since: number;
  /** When it ends, Unix ms; absent: when it is lifted. */
  until?: number;
  /** What brought it: `feedback`, `provider`, or a command of an operator. */
  source: string;
}

/** Those that the provider's own list knows as well. */
export type SharedReason = Extract<SuppressionReason, 'hard_bounce' | 'complaint'>;

/** What a suppression follows from, as far as it is known: details of its fact. */
export interface SuppressionCause {
  user_id?: string;
  event_id?: string;
  tag?: string;
  journey?: string;
  template?: string;
  template_version?: string;
  topic?: string;
}

/**
 * Addresses that must not get email, by keyed hash: the list holds no address. An address may be suppressed for several
 * reasons; each is lifted by itself, and none hides another. Every change is durable when it resolves, writes its fact, and
 * changes the version of the address that a claim compares.
 */
export interface Suppressions {
  /**
   * Adds a reason, or extends a known one: see `widen`. Returns whether anything changed. From `provider`, nothing returns
   * that an operator has lifted since; see suppression-sync.ts.
   */
  add(addressHash: string, suppression: Suppression, cause?: SuppressionCause): Promise<boolean>;
  /** Lifts one reason, or all of them. Returns those that were there. `source`: what lifted it, for the fact. */
  lift(addressHash: string, reason?: SuppressionReason, source?: string): Promise<SuppressionReason[]>;
  /** Returns all of an address, also those that have ended and were not lifted, oldest first; a reason has at most one of each scope. */
  of(addressHash: string): Promise<Suppression[]>;
  /** Returns the reason that stops email of this class to the address; undefined when there is none. */
  reasonFor(addressHash: string, email: 'marketing' | 'transactional'): Promise<SuppressionReason | undefined>;
  /** Every suppressed address hash, page by page. */
  all(): AsyncIterable<string[]>;
}

/** Returns the reason that stops email of this class at `now` (Unix ms); undefined when there is none. */
export function reasonAgainst(
  suppressions: readonly Suppression[],
  email: 'marketing' | 'transactional',
  now = Date.now(),
): SuppressionReason | undefined {
  const stops = ({ scope, until = Infinity }: Suppression) => (scope === 'all' || email === 'marketing') && until > now;
  return suppressions.find(stops)?.reason;
}

/**
 * Whether a consent to the topic of an email is newer than the suppression and undoes it. Only an opt-out can be undone so: bounces
 * and complaints are about the address, not about what its owner wants.
 */
export function isUndoneBy({ reason, since }: Suppression, consent: Decisive | undefined): boolean {
  return (
    reason === 'unsubscribed' && consent?.state === 'granted' && !consent.incidental && consent.captured_at > since
  );
}

/** Whether the provider's list lacks it and could have it. What the provider reported, by list or feedback, it knows. */
export function isUnreported<Each extends Suppression>(each: Each): each is Each & { reason: SharedReason } {
  const { reason, source } = each;
  return (reason === 'hard_bounce' || reason === 'complaint') && source !== 'provider' && source !== 'feedback';
}

/** Whether an operator has lifted it later than the provider listed it: then an old listing does not bring it back. */
export function isLifted(
  lifts: readonly { reason?: string | null; at: number }[],
  { reason, since }: Suppression,
): boolean {
  return lifts.some((lift) => (lift.reason ?? reason) === reason && lift.at >= since);
}

/**
 * Returns the suppressions for one reason after another one is added; undefined when `known`, those of that reason, cover
 * it. Scope and end belong together: all email until Friday and marketing until June are two suppressions, since one with
 * the wider scope and the later end would stop receipts until June. What the new one covers is replaced by it, and keeps
 * its beginning and source. Of an opt-out the latest beginning counts: it is compared with consents.
 */
export function widen<Each extends Suppression>(known: readonly Each[], more: Each): Each[] | undefined {
  if (known.some((each) => covers(each, more))) return undefined;
  const covered = known.filter((each) => covers(more, each));
  const isOptOut = more.reason === 'unsubscribed';
  const first = (isOptOut ? undefined : covered.toSorted((one, other) => one.since - other.since)[0]) ?? more;
  const { until: _, ...rest } = first;
  const widened = { ...rest, scope: more.scope, ...(more.until !== undefined && { until: more.until }) } as Each;
  return [...known.filter((each) => !covered.includes(each)), widened];
}

function covers(one: Suppression, other: Suppression): boolean {
  if (one.reason === 'unsubscribed' && one.since < other.since) return false;
  return (one.scope === 'all' || other.scope === 'marketing') && (one.until ?? Infinity) >= (other.until ?? Infinity);
}

/** A suppression, and whether the provider's list still has to get it. */
export interface StoredSuppression extends Suppression {
  to_report: boolean;
}

/** As `widen`. A reason that the provider's list has already is not reported again because it was extended here. */
export function withSuppression(
  known: readonly StoredSuppression[],
  more: Suppression,
): StoredSuppression[] | undefined {
  const same = known.filter(({ reason }) => reason === more.reason);
  const to_report = same.length === 0 ? isUnreported(more) : same.some((each) => each.to_report);
  return widen(same, { ...more, to_report });
}

/** `version`: the version of the address that this change made, which makes the fact's id its own. */
export function suppressedFact(hash: string, version: number, suppression: Suppression, cause: SuppressionCause = {}) {
  const { since: at, ...details } = suppression;
  return {
    ...cause,
    id: `${hash}/suppressed/${version}`,
    at,
    what: 'suppressed' as const,
    address_hash: hash,
    details,
  };
}

/** The same for a lift at `at`, Unix ms. */
export function liftedFact(hash: string, version: number, reason: SuppressionReason, at: number, source?: string) {
  const details = { reason, ...(source !== undefined && { source }) };
  return {
    id: `${hash}/suppression_lifted/${version}/${reason}`,
    at,
    what: 'suppression_lifted' as const,
    address_hash: hash,
    details,
  };
}
