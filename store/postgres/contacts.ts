import type { AddressHashes } from '../address-hash.ts';
import { type Contact, contactFields, contactOf, type Contacts, type DatedContact } from '../contacts.ts';
import type { Queries } from './connect.ts';
import { statement } from './statement.ts';
import { storable } from './storable.ts';

const sql = {
  record: statement(import.meta.url, 'contacts-record.sql'),
  find: statement(import.meta.url, 'contacts-find.sql'),
  peopleAt: statement(import.meta.url, 'contacts-people-at.sql'),
};

type PersonRow = Record<(typeof contactFields)[number] | 'address_hash', string | null> & {
  said_at: DatedContact['writtenAt'];
};

/** `hashes`: the keyed hashes of an address; see address-hash.ts. */
export function createContacts(postgres: Queries, { hashes }: Pick<AddressHashes, 'hashes'>): Contacts {
  const find = async (userId: string) => (await postgres.query<PersonRow>(sql.find, [userId]))[0];
  return {
    async record(userId, contact, at) {
      const said = storable(contact);
      const values = contactFields.map((field) => said[field] ?? null);
      if (values.every((value) => value === null)) return;
      const [hash = null, previous = null] = said.email === undefined ? [] : hashes(said.email);
      await postgres.query(sql.record, [userId, ...values, hash, at, previous]);
    },
    find: async (userId): Promise<Contact> => contactIn(await find(userId)),
    async dated(userId) {
      const row = await find(userId);
      return { contact: contactIn(row), writtenAt: row?.said_at ?? {} };
    },
    addressHashOf: async (userId) => (await find(userId))?.address_hash ?? undefined,
    async peopleAt(addressHash) {
      const rows = await postgres.query<{ user_id: string }>(sql.peopleAt, [addressHash]);
      return rows.map(({ user_id }) => user_id);
    },
  };
}

function contactIn(row: PersonRow | undefined): Contact {
  return contactOf(contactFields.map((field) => row?.[field]));
}
