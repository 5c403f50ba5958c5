import { createHmac, hkdfSync } from 'node:crypto';
import { domainToASCII } from 'node:url';

import type { Secrets } from './secret.ts';

/** Keyed hashes of addresses: the same for every spelling of one, and no way back without the secret. */
export interface AddressHashes {
  /** What is written, and what is looked up first. */
  hash(address: string): string;
  /**
   * What is looked up: the hash under the current secret and, during a rotation and after it, the one under the secret before.
   * A suppression under either counts; one that is recorded or lifted while there are two concerns both.
   */
  hashes(address: string): [current: string, ...previous: string[]];
}

export function createAddressHashes({ secret, previous }: Secrets): AddressHashes {
  const hash = hasherOf(secret);
  const before = previous === undefined ? undefined : hasherOf(previous);
  return {
    hash,
    hashes: (address) => (before ? [hash(address), before(address)] : [hash(address)]),
  };
}

function hasherOf(secret: string): (address: string) => string {
  // A key of its own for each use: a hash made for one purpose reveals nothing about another.
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'rivulet address hash', 32));
  return (address) => createHmac('sha256', key).update(normaliseAddress(address)).digest('base64url').slice(0, 32);
}

/** Trimmed, lower case, domain in punycode. Dots and +tags stay: they are different mailboxes at many providers. */
function normaliseAddress(address: string): string {
  const trimmed = address.trim().toLowerCase();
  const at = trimmed.lastIndexOf('@');
  return `${trimmed.slice(0, at)}@${domainToASCII(trimmed.slice(at + 1))}`;
}
