import { contactFields, contactOf, type Contacts, merged } from '../contacts.ts';
import { type MemoryRecord, personIn } from './record.ts';

/** `addressHash`: the keyed hash of an address. */
export function createContacts(
  record: MemoryRecord,
  { addressHash }: { addressHash: (address: string) => string },
): Contacts {
  return {
    async record(userId, contact, at) {
      if (contactFields.every((field) => contact[field] === undefined)) return;
      const isNew = !record.people.has(userId);
      const person = personIn(record, userId);
      const { decides, ...after } = merged(person, contact, at);
      Object.assign(person, after, { version: person.version + (decides && !isNew ? 1 : 0) });
      if (after.contact.email !== undefined) person.addressHash = addressHash(after.contact.email);
    },
    async find(userId) {
      const contact = record.people.get(userId)?.contact;
      return contactOf(contactFields.map((field) => contact?.[field]));
    },
    async dated(userId) {
      const { contact = {}, writtenAt = {} } = record.people.get(userId) ?? {};
      return { contact: { ...contact }, writtenAt: { ...writtenAt } };
    },
    addressHashOf: async (userId) => record.people.get(userId)?.addressHash,
    async peopleAt(hash) {
      const found = [...record.people].filter(([, person]) => person.addressHash === hash);
      return found.map(([userId]) => userId).toSorted();
    },
  };
}
