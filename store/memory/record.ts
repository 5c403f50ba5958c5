import type { ConsentRecord, consentFacts } from '../consents.ts';
import type { DatedContact } from '../contacts.ts';
import type { RecipientState } from '../recipients.ts';
import type { Lift } from '../suppression-sync.ts';
import type { liftedFact, StoredSuppression, suppressedFact } from '../suppressions.ts';

/** Facts that these stores write. */
export type RecordedFact =
  | ReturnType<typeof consentFacts>[number]
  | ReturnType<typeof suppressedFact>
  | ReturnType<typeof liftedFact>;

export interface MemoryPerson extends DatedContact {
  /** What a claim compares: it goes up with each change of what decides whether and when the person may get an email. */
  version: number;
  /** The keyed hash of their address. */
  addressHash?: string;
  /** Everything they stated about consent, in the order of its arrival. */
  log: ConsentRecord[];
  /** The record in force, by topic. */
  consents: Map<string, ConsentRecord>;
}

export interface MemoryAddress {
  /** The same for the suppressions of an address. */
  version: number;
  suppressions: StoredSuppression[];
  recipient?: { state: RecipientState; at: number };
}

/** What the stores in one process share, where the others share the tables of a database. */
export interface MemoryRecord {
  /** By user id. */
  people: Map<string, MemoryPerson>;
  /** By the keyed hash of the address. */
  addresses: Map<string, MemoryAddress>;
  /** Texts that were shown, by their SHA-256. */
  wordings: Map<string, string>;
  /** What operators have lifted, by address hash and reason. */
  lifts: Map<string, Lift>;
  /** Unix ms. */
  now(): number;
  recordFacts(facts: readonly RecordedFact[]): void;
}

/** `now`: what time it is, Unix ms: a simulation's own clock, or `Date.now`. */
export function createMemoryRecord({ now, recordFacts }: Pick<MemoryRecord, 'now' | 'recordFacts'>): MemoryRecord {
  return { people: new Map(), addresses: new Map(), wordings: new Map(), lifts: new Map(), now, recordFacts };
}

/** Returns the person, whom the first call creates. */
export function personIn({ people }: MemoryRecord, userId: string): MemoryPerson {
  const known = people.get(userId);
  if (known) return known;
  const person: MemoryPerson = { version: 1, contact: {}, writtenAt: {}, log: [], consents: new Map() };
  people.set(userId, person);
  return person;
}

/** Returns the address, which the first call creates. */
export function addressIn({ addresses }: MemoryRecord, hash: string): MemoryAddress {
  const known = addresses.get(hash);
  if (known) return known;
  const address: MemoryAddress = { version: 0, suppressions: [] };
  addresses.set(hash, address);
  return address;
}
