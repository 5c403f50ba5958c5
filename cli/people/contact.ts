import { readMailbox } from '../../events/address.ts';
import { type Contact, contact } from '../../events/person.ts';
import type { PersonField } from './fields.ts';

/** A contact block, and optional fields that no event could have: field and text. */
export interface ReadContact {
  contact: Contact & { email: string };
  leftOut: [field: string, text: string][];
}

const optional = ['name', 'locale', 'time_zone', 'country'] as const;

/** Reads the contact block of a row by the schemas of events; undefined when its address is none. */
export function contactIn(cell: (field: PersonField) => string): ReadContact | undefined {
  const mailbox = readMailbox(cell('email'));
  if (mailbox === undefined) return undefined;
  const names = [cell('first_name'), cell('last_name')].filter((part) => part !== '').join(' ');
  const texts = {
    name: cell('name') || names || (mailbox.name ?? ''),
    locale: cell('locale'),
    time_zone: cell('time_zone'),
    country: cell('country'),
  };
  const read: ReadContact = { contact: { email: mailbox.address }, leftOut: [] };
  for (const field of optional) {
    const text = texts[field];
    if (text === '') continue;
    const value = contact.shape[field].safeParse(text);
    // U+FFFD: bytes in another encoding. A name must not greet anyone with it.
    if (value.success && !text.includes('\uFFFD')) read.contact[field] = value.data;
    else read.leftOut.push([field, text]);
  }
  return read;
}
