import type { RecipientFeedback } from '../events/recipient-feedback.ts';
import type { Alert, Judgement } from '../activities/apply-feedback.ts';
import type { FactName } from '../store/facts.ts';
import type { RecipientState } from '../store/recipients.ts';

/** What comes back about an address, and what follows. Pure: the same feedback always gives the same judgement. */

const dayMs = 86_400_000;

/** SES reports a soft bounce after half a day of its own tries, so each says more than a single refusal. */
const softLimit = { bounces: 5, overMs: 14 * dayMs, suppressMs: 30 * dayMs, permanentAt: 3 };

/** A domain without a mail server may be a slip of its owner; twice in a row it is not there. */
const noDomainLimit = 2;

/** Enough to know a piece of feedback again that comes late; old ones fall out. */
const seenLimit = 500;

/** The sender's content is refused, which says nothing about the person. */
const contentRefused = new Set(['MessageTooLarge', 'ContentRejected', 'AttachmentRejected']);
/** The provider has not even tried: the address stands on a list of its own. */
const onProvidersList = new Set(['Suppressed', 'OnAccountSuppressionList', 'OnTenantSuppressionList']);

export const unknownRecipient: RecipientState = { softBounces: 0, noDomain: 0, timeouts: 0, seen: [] };

/** Applies pieces of feedback in the order in which they came; each counts once. */
export function judge(known: RecipientState, pieces: readonly RecipientFeedback[]): Judgement {
  const judgement = nothing({ ...known, seen: [...known.seen] });
  for (const piece of pieces) {
    const { state } = judgement;
    if (state.seen.includes(piece.id)) continue;
    state.seen = [...state.seen, piece.id].slice(-seenLimit);
    apply(judgement, piece);
  }
  return judgement;
}

/** The time is over for which weeks of soft bounces had suppressed the address. */
export function endTimeout(known: RecipientState, at: number): Judgement {
  const { suppressedUntil: _, ...state } = known;
  return {
    ...nothing(state),
    lift: ['soft_bounces'],
    facts: [{ at, what: 'suppression_lifted', reason: 'soft_bounces' }],
  };
}

function nothing(state: RecipientState): Judgement {
  return { state, suppress: [], lift: [], optOut: [], stop: [], alerts: [], facts: [] };
}

function apply(judgement: Judgement, piece: RecipientFeedback): void {
  switch (piece.kind) {
    case 'bounce':
      return piece.type === 'permanent' ? permanentBounce(judgement, piece) : passingBounce(judgement, piece);
    case 'complaint':
      return complaint(judgement, piece);
    case 'not_sent':
      return alert(judgement, piece, piece.why === 'reject' ? 'message_rejected' : 'message_not_rendered');
    case 'reached':
      return reached(judgement, piece);
    case 'opt_out':
      return optOut(judgement, piece);
    default:
      piece satisfies never;
  }
}

type Of<Kind extends RecipientFeedback['kind']> = Extract<RecipientFeedback, { kind: Kind }>;

function permanentBounce(judgement: Judgement, piece: Of<'bounce'>): void {
  if (onProvidersList.has(piece.sub_type)) return suppress(judgement, piece, 'provider_list');
  if (piece.sub_type === 'EmailValidationSuppressed') return suppress(judgement, piece, 'invalid_address');
  if (piece.sub_type === 'UnsubscribedRecipient') {
    return optOut(judgement, {
      ...piece,
      kind: 'opt_out',
      topics: [piece.topic ?? '*'],
      recorded: false,
      source: 'ses',
    });
  }
  if (isPolicyBlock(piece) && !isUnknownBehind571(piece)) return alert(judgement, piece, 'policy_block');
  return suppress(judgement, piece, 'hard_bounce');
}

function passingBounce(judgement: Judgement, piece: Of<'bounce'>): void {
  const { state } = judgement;
  if (contentRefused.has(piece.sub_type)) return alert(judgement, piece, 'content_refused');
  if (isPolicyBlock(piece)) return alert(judgement, piece, 'policy_block');
  // RFC 3463: 5.1.x is about the address. SES has called such an answer transient.
  if (piece.status?.startsWith('5.1.')) return suppress(judgement, piece, 'hard_bounce');
  if (piece.status === '5.4.4') {
    state.noDomain += 1;
    if (state.noDomain >= noDomainLimit) return suppress(judgement, piece, 'hard_bounce');
    return tell(judgement, piece, 'no_domain');
  }
  softBounce(judgement, piece);
}

/** A receiver's rules refuse the sender, not the person: missing authentication, reputation, a block list. */
function isPolicyBlock({ status }: Of<'bounce'>): boolean {
  return status?.startsWith('5.7.') ?? false;
}

/** A receiver that tells no stranger who exists refuses with 5.7.1, and says in words why. More exact codes of 5.7 are about the sender. */
function isUnknownBehind571({ status, unknown_user }: Of<'bounce'>): boolean {
  return status === '5.7.1' && unknown_user === true;
}

function softBounce(judgement: Judgement, piece: Of<'bounce'>): void {
  const { state } = judgement;
  state.softBounces += 1;
  state.softSince = Math.min(state.softSince ?? piece.at, piece.at);
  tell(judgement, piece, 'soft_bounce', { in_a_row: state.softBounces });
  if (state.softBounces < softLimit.bounces || piece.at - state.softSince < softLimit.overMs) return;

  state.softBounces = 0;
  delete state.softSince;
  state.timeouts += 1;
  if (state.timeouts >= softLimit.permanentAt) {
    delete state.suppressedUntil;
    return suppress(judgement, piece, 'soft_bounces');
  }
  state.suppressedUntil = piece.at + softLimit.suppressMs;
  judgement.suppress.push({ reason: 'soft_bounces', since: piece.at, until: state.suppressedUntil });
  tell(judgement, piece, 'suppressed', { reason: 'soft_bounces', until: state.suppressedUntil });
}

function complaint(judgement: Judgement, piece: Of<'complaint'>): void {
  if (piece.type === 'not-spam') return tell(judgement, piece, 'said_not_spam');
  if (piece.type === 'auth-failure') return alert(judgement, piece, 'authentication_failure');
  return suppress(judgement, piece, 'complaint');
}

/** Ends streaks. It never lifts a suppression: a mail that was on its way may arrive after the bounce of another. */
function reached(judgement: Judgement, piece: RecipientFeedback): void {
  const { state } = judgement;
  if (state.softBounces + state.noDomain === 0) return;
  state.softBounces = 0;
  state.noDomain = 0;
  delete state.softSince;
  tell(judgement, piece, 'reached_again');
}

function optOut(judgement: Judgement, piece: Of<'opt_out'>): void {
  const { id, at, topics, source, recorded } = piece;
  if (!recorded) judgement.optOut.push({ id, at, topics, source });
  judgement.stop.push({ topics: topics.includes('*') ? 'all' : topics, why: 'opt_out' });
  tell(judgement, piece, 'opted_out', { topics: topics.join(' '), source });
}

function suppress(
  judgement: Judgement,
  piece: RecipientFeedback,
  reason: Judgement['suppress'][number]['reason'],
): void {
  judgement.suppress.push({ reason, since: piece.at });
  judgement.stop.push({ topics: 'all', why: reason });
  tell(judgement, piece, 'suppressed', { reason });
}

function alert(judgement: Judgement, piece: RecipientFeedback, kind: Alert): void {
  judgement.alerts.push(kind);
  tell(judgement, piece, kind);
}

function tell(
  judgement: Judgement,
  piece: RecipientFeedback,
  what: FactName,
  more: Record<string, string | number> = {},
): void {
  const { at, id, template } = piece;
  const said =
    piece.kind === 'bounce'
      ? { bounce: `${piece.type} ${piece.sub_type}`, ...(piece.status && { status: piece.status }) }
      : piece.kind === 'complaint'
        ? { complaint: piece.type ?? piece.sub_type ?? 'unspecified' }
        : {};
  judgement.facts.push({ at, what, ...more, ...said, ...(template && { template }), feedback: id });
}
