import { consentChange, type ConsentRecord, type ConsentStatement } from '../../store/consents.ts';
import { type Contact, contactFields, type DatedContact, merged } from '../../store/contacts.ts';
import type { Store } from '../../store/store.ts';

/** What a row says about a person. `at`: when their contact was so, Unix ms. */
export interface Saying {
  contact: Contact;
  at: number;
  statement?: ConsentStatement | undefined;
}

/** Tells what recording would change, by the rules that the store has. */
export interface Forecast {
  /** Whether a field of the contact would become another, or the consent log grow. */
  changes(userId: string, saying: Saying): Promise<boolean>;
}

/**
 * `remembers`: for a dry run, in which nothing is recorded. Then it keeps what the file has said so far, as long as the file is.
 */
export function createForecast(
  { contacts, consents }: Pick<Store, 'contacts' | 'consents'>,
  remembers: boolean,
): Forecast {
  const said = new Map<string, Saying[]>();
  return {
    async changes(userId, saying) {
      const before = said.get(userId) ?? [];
      if (remembers) said.set(userId, [...before, saying]);
      const [contact, records] = await Promise.all([
        contacts.dated(userId),
        saying.statement || before.length > 0 ? consents.history(userId) : [],
      ]);
      let known: Known = { contact, records, changed: false };
      for (const each of [...before, saying]) known = after(known, each);
      return known.changed;
    },
  };
}

interface Known {
  contact: DatedContact;
  records: readonly ConsentRecord[];
  /** By the last saying. */
  changed: boolean;
}

function after({ contact, records }: Known, { contact: more, at, statement }: Saying): Known {
  const next = merged(contact, more, at);
  const added = statement ? consentChange(records, statement, Date.now(), []).added : [];
  const isOther = contactFields.some((field) => next.contact[field] !== contact.contact[field]);
  return { contact: next, records: [...records, ...added], changed: isOther || added.length > 0 };
}
