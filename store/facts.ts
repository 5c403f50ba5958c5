/** What can have happened. A new one is added here; reports, `rivulet person` and webhooks go by these names. */
export type FactName =
  // Journeys.
  | 'entered'
  | 'kept_out'
  | 'journey_stopped'
  // People.
  | 'consent_granted'
  | 'consent_revoked'
  | 'consent_requested'
  // Events.
  | 'fields_dropped'
  // Emails.
  | 'sent'
  | 'not_sent'
  | 'refused'
  | 'unknown'
  | 'in_doubt'
  | 'doubt_decided'
  | 'delayed'
  | 'opened'
  | 'clicked'
  // Addresses.
  | 'soft_bounce'
  | 'no_domain'
  | 'reached_again'
  | 'suppressed'
  | 'suppression_lifted'
  | 'said_not_spam'
  | 'opted_out'
  // Sending.
  | 'gate_closed'
  | 'gate_opened'
  | 'paused'
  | 'resumed'
  // For an operator to look into; they say nothing about the recipient.
  | 'policy_block'
  | 'content_refused'
  | 'authentication_failure'
  | 'message_rejected'
  | 'message_not_rendered';

/** What happened to whom, when and why. Never changed, and never holds an address. */
export interface Fact {
  /** Derived from what it is about, so that the same fact twice is one. */
  id: string;
  /** Unix ms. */
  at: number;
  what: FactName;
  user_id?: string;
  address_hash?: string;
  event_id?: string;
  /** Of the email. */
  tag?: string;
  journey?: string;
  template?: string;
  template_version?: string;
  topic?: string;
  /** `personal`: fields that an erasure removes. */
  details?: Record<string, unknown>;
}

/** Something that happened to an address, flat, as the recipient workflow shows it in the Temporal UI. */
export interface AddressEvent {
  /** Unix ms. */
  at: number;
  what: FactName;
  user?: string;
  template?: string;
  journey?: string;
  /** The piece of feedback that says so: one piece says the same thing once. */
  feedback?: string;
  [detail: string]: string | number | boolean | undefined;
}

export function factAbout(addressHash: string, happened: AddressEvent): Fact {
  const { at, what, user, template, journey, feedback, ...details } = happened;
  const cause = feedback ?? [at, user, ...Object.values(details)].filter((part) => part !== undefined).join(':');
  return {
    id: `${addressHash}/${what}/${cause}`,
    at,
    what,
    address_hash: addressHash,
    ...(user !== undefined && { user_id: user }),
    ...(template !== undefined && { template }),
    ...(journey !== undefined && { journey }),
    ...(Object.keys(details).length > 0 && { details }),
  };
}

/** Whom facts are asked about. */
export type About = { user_id: string } | { address_hash: string };

/** Where a page ends, and the next one begins. */
export type FactCursor = Pick<Fact, 'at' | 'id'>;

export interface Facts {
  /** Writes each once. A fact that belongs to a state change is written in its transaction instead (see postgres/facts.ts). */
  record(facts: readonly Fact[]): Promise<void>;
  /** Oldest first: at most `limit`, those after the cursor. A page that is not full is the last one. */
  of(about: About, page: { limit: number; after?: FactCursor }): Promise<Fact[]>;
  /** The newest `limit`, oldest of them first. */
  lastOf(about: About, limit: number): Promise<Fact[]>;
}
