import type { PersonalPart } from '../events/split-event.ts';
import type { Contact } from './contacts.ts';
import type { Decisive } from './consents.ts';
import type { Suppression } from './suppressions.ts';

/**
 * The ledger: what is known about each email, by its tag. It is the reason why no email is sent twice.
 *
 *   (nothing) ──claim──▶ claimed ──accept──▶ accepted            the provider has it; its id is recorded
 *       ▲                │    │ ▲                                 a late answer or the feed may bring this too
 *       └────release─────┘    │ └─claim over an attempt that was decided
 *                             └──conclude──▶ refused | unknown    nothing more is tried
 *
 * A claim is committed before the provider is called. An attempt that finds somebody else's claim does not know whether that
 * email was sent: it is in doubt, and decided by facts first (activities/decide-doubt.ts). `accepted` is never overwritten.
 * Every method is one statement, and repeating it changes nothing.
 */
export interface Sends {
  /** Everything that a send has to know, as of one instant. */
  look(email: EmailIdentity): Promise<SendSnapshot>;
  /**
   * Claims the email, if nothing that the snapshot says has changed and nothing stops it. A claim id is used once: a stale claim
   * is renewed, right before the first byte, as a claim over itself with another id.
   */
  claim(email: EmailIdentity, claim: ClaimRequest): Promise<Claimed>;
  /** The provider has it. An empty id is one that was lost, and leaves a known one alone. */
  accept(tag: string, providerId: string): Promise<Accepted>;
  /** The feed has reported this email: `accept`, and when it was dispatched (Unix ms). */
  confirm(tag: string, providerId: string): Promise<Accepted & { dispatchedAt?: number }>;
  /** The provider certainly did not take it, or was never called: the next attempt may claim. Returns the failures so far. */
  release(tag: string, claim: string, counts?: { failure: boolean }): Promise<number>;
  /**
   * Ends it without the provider having taken it. `claim`: the attempt that was refused or decided; false when another attempt has
   * the email, or it has ended. `detail`: a sentence of ours.
   */
  conclude(
    tag: string,
    claim: string,
    outcome: 'refused' | 'unknown',
    detail: string,
    providerText?: string,
  ): Promise<boolean>;
  /** The email ends before it was claimed: the fact that says why. */
  endUnsent(email: EmailIdentity, reason: string): Promise<void>;
  /** Notes that nobody knows what became of this claim. Returns since when that is so, and what an operator decided about it. */
  doubt(email: EmailIdentity, claim: string, why: string): Promise<Doubt>;
  /** Emails in doubt, oldest first. */
  inDoubt(limit: number): Promise<DoubtfulEmail[]>;
  /** An operator's decision about an email in doubt. False when it is not in doubt. */
  decide(tag: string, decision: DoubtDecision): Promise<boolean>;
  /** What an email is, for readers of the feed; empty when it is not in the ledger. */
  about(tag: string): Promise<EmailSummary>;
  read(tag: string): Promise<SendRecord | undefined>;
}

/** One email: what it is called, whose it is, and what it is about. */
export interface EmailIdentity {
  tag: string;
  messageKey: string;
  eventId: string;
  user: string;
  journey?: string | undefined;
  template: string;
  templateVersion: string;
  topic?: string | undefined;
  class: 'marketing' | 'transactional';
  /** When its journey asked for it, Unix ms. */
  askedAt: number;
  /** Names of the gates and pauses that stop it: `stopsBefore` of stops.ts. */
  stops: readonly string[];
}

/** What is known of an email and of its person. */
export interface SendSnapshot {
  record: SendRecord | undefined;
  contact: Contact;
  suppressions: Suppression[];
  /** What the person last said about the email's topic and about all topics. */
  consent: { about?: Decisive; all?: Decisive };
  /** The event's personal fields; undefined when the event is not recorded (any more). */
  personal: PersonalPart | undefined;
  /** The first of its stops that is set. Held emails are found here, so that none uses up a slot. */
  stoppedBy: string | undefined;
  /** What the claim compares: when either has changed, the person has to be looked at again. */
  seen: { person: number; addressHashes: readonly string[]; address: number };
}

export interface ClaimRequest {
  id: string;
  seen: SendSnapshot['seen'];
  /** Stops that the claim checks: those of the email, but for the gate that a canary may pass. */
  stops: readonly string[];
  /** The claim of an earlier attempt that was decided. */
  over?: string | undefined;
  /** That attempt may have sent it after all. */
  possibleDuplicate?: true | undefined;
}

/** `taken`: another attempt has it, or it has ended. `changed`: the person is no longer as the snapshot says. */
export type Claimed = { kind: 'claimed' } | { kind: 'taken' } | { kind: 'changed' } | { kind: 'stopped'; by: string };

/** `again`: the provider had taken this email under another id before, so that it was sent twice. */
export interface Accepted {
  kind: 'accepted' | 'again' | 'no_record';
}

export type DoubtDecision = 'send' | 'give_up';

export interface Doubt {
  /** How long it has been in doubt, in ms, by the database's clock. */
  ageMs: number;
  decision?: DoubtDecision;
}

export interface DoubtfulEmail extends Doubt {
  tag: string;
  messageKey: string;
  user: string;
  class: 'marketing' | 'transactional';
  why: string;
}

/** What an email is, in ids and names that say nothing about the person. */
export interface EmailSummary {
  user?: string;
  template?: string;
  topic?: string;
  version?: string;
}

export interface SendRecord {
  state: 'claimed' | 'released' | 'accepted' | 'refused' | 'unknown';
  claim: string;
  /** When it was last claimed, Unix ms, by the database's clock. */
  dispatchedAt: number;
  /** How long ago that was, in ms, by the same clock. */
  ageMs: number;
  failures: number;
  /** How often it was sent again without knowing what became of the attempt before. */
  repeats: number;
  providerId?: string;
  detail?: string;
  /** The template version that it was claimed with. */
  version: string;
}
