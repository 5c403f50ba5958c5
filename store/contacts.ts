import type { Contact as ContactBlock } from '../events/person.ts';

/** What is known of a person: their contact block, and the plan of the newest event that names one. */
export interface Contact extends ContactBlock {
  plan?: string;
}

/** Who people are: the only place that holds addresses. */
export interface Contacts {
  /**
   * Records what an event of `at` (Unix ms) says about a person, whom the first one creates. A field is replaced only by an
   * event at least as new as the one that wrote it, so that events may arrive in any order.
   */
  record(userId: string, contact: Contact, at: number): Promise<void>;
  /** Returns what is known now; an unknown person has no fields. */
  find(userId: string): Promise<Contact>;
  /** The same, with when each field was written; no field for an unknown person. */
  dated(userId: string): Promise<DatedContact>;
  /** Returns the keyed hash of their address, for callers without the secret. */
  addressHashOf(userId: string): Promise<string | undefined>;
  /** Returns the user ids of everyone who has this address now. */
  peopleAt(addressHash: string): Promise<string[]>;
}

/** The order in which fields are stored and read. */
export const contactFields = [
  'email',
  'name',
  'locale',
  'time_zone',
  'country',
  'plan',
] as const satisfies (keyof Contact)[];

/** Fields that decide whether and when a person may get an email: a change of one changes the version that a claim compares. */
const decidingFields = ['email', 'time_zone', 'country'] as const satisfies (keyof Contact)[];

/** A contact, and for each field when the event that wrote it happened, in Unix ms. */
export interface DatedContact {
  contact: Contact;
  writtenAt: { [Field in keyof Contact]?: number };
}

/**
 * Returns what is known after an event of `at`, and whether a deciding field has changed. The same rule as
 * `postgres/contacts-record.sql`, which needs it in one statement; the contract suite holds the two together.
 */
export function merged(known: DatedContact, contact: Contact, at: number): DatedContact & { decides: boolean } {
  const after: DatedContact = { contact: { ...known.contact }, writtenAt: { ...known.writtenAt } };
  for (const field of contactFields) {
    const value = contact[field];
    if (value === undefined || (known.writtenAt[field] ?? -Infinity) > at) continue;
    after.contact[field] = value;
    after.writtenAt[field] = at;
  }
  return { ...after, decides: decidingFields.some((field) => after.contact[field] !== known.contact[field]) };
}

/** Makes a contact of its values, in the order of `contactFields`; an empty one is none. */
export function contactOf(values: readonly (string | null | undefined)[]): Contact {
  return Object.fromEntries(contactFields.map((field, index) => [field, values[index]]).filter(([, value]) => value));
}
