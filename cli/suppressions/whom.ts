import { emailAddress } from '../../events/person.ts';
import { WrongUse } from '../wrong-use.ts';

const hashPattern = /^[A-Za-z0-9_-]{32}$/;

export const isAddressHash = (text: string) => hashPattern.test(text);

/** An address, or the hash of one: what a command names somebody by. */
export type Whom = { address: string } | { hash: string };

export function whomOf(text: string): Whom {
  if (isAddressHash(text)) return { hash: text };
  const address = emailAddress.safeParse(text);
  if (address.success) return { address: address.data };
  throw new WrongUse(
    'Give an address such as ada@example.com, or the hash of one: 32 characters, as rivulet suppressions export shows them.',
  );
}

/** As much of an address as its owner knows it by. */
export function masked(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, 1)}…${address.slice(at)}`;
}
