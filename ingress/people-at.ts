import type { Store } from '../store/store.ts';

/** A person, and everybody else who has their address now: an opt-out counts for all of them, since one inbox belongs to one human being. */
export async function everybodyAt(
  contacts: Pick<Store['contacts'], 'addressHashOf' | 'peopleAt'>,
  user: string,
): Promise<string[]> {
  const address = await contacts.addressHashOf(user);
  const people = address === undefined ? [] : await contacts.peopleAt(address);
  return [...new Set([user, ...people])];
}
