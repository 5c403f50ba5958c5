import type { Store } from '../store/store.ts';

/**
 * A person, and everybody else who has their address now, or the one that an opt-out is about: it counts for all of them, since one
 * inbox belongs to one human being.
 */
export async function everybodyAt(
  contacts: Pick<Store['contacts'], 'addressHashOf' | 'peopleAt'>,
  user: string,
  about?: string,
): Promise<string[]> {
  const address = await contacts.addressHashOf(user);
  const hashes = new Set([address, about].filter((hash) => hash !== undefined));
  const people = await Promise.all([...hashes].map((hash) => contacts.peopleAt(hash)));
  return [...new Set([user, ...people.flat()])];
}
