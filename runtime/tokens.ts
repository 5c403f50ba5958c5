import { hkdfSync } from 'node:crypto';

import { gcmsiv } from '@noble/ciphers/aes.js';

/** What a link in an email may do, for whom, and about what. */
export interface Claims {
  user: string;
  action: 'unsubscribe' | 'preferences' | 'confirm' | 'undo';
  /** unsubscribe: from what. */
  topic?: string;
  /** The message tag of the mail that the link stands in. */
  mail?: string;
  /** confirm: the event that asked for a confirmation. */
  event?: string;
  /** The keyed hash of the address that the email went to. Once its user has another one, the link can do no more than stop email to it. */
  address?: string;
  /** preferences, undo: came from an unsubscribe link, and so can only take away; what that link itself has taken, undo gives back. */
  only?: 'leave';
  /** undo: what is granted again, and what is revoked again. */
  topics?: string[];
  revoke?: string[];
  /** undo: when the change was said that is taken back, Unix ms; whatever was said later stays. */
  since?: number;
  /** undo: until when it works, Unix ms. Whoever acts on it checks this. */
  until?: number;
}

/** Puts what a link may do into a token, and reads it back. Nobody else can read one, or make or change one. */
export interface Tokens {
  sign(claims: Claims): string;
  /** What was put in; undefined for anything that is not a token of ours, to the letter. */
  read(token: string): Claims | undefined;
}

export interface TokenSecrets {
  secret: string;
  previous?: string | undefined;
  keys: readonly string[];
  /** The id of the installation. Tokens of another one are refused, even when it has the same secret, as a copy for tests may. */
  installation: string;
}

/** No token is longer; what is, is refused before any work is spent on it. */
export const longestToken = 4_000;

/**
 * Tokens `v1.<key>.<ciphertext in base64url>`, encrypted and authenticated by AES-256-GCM-SIV (RFC 8452): proxies and mail gateways
 * that see a link learn nothing from it. Without a random nonce, so that an email that is rendered again is the same to the byte;
 * that is what this cipher is made for. `keys[0]` encrypts; every key of the list is accepted, and one that was taken out is not.
 * Tokens do not expire, since emails do not. Those under `previous`, the secret before a rotation, are accepted while that is given.
 */
export function createTokens({ secret, previous, keys, installation }: TokenSecrets): Tokens {
  const secrets = previous === undefined ? [secret] : [secret, previous];
  const ring = new Map(keys.map((name) => [name, secrets.map((one) => cipherOf(one, name, installation))]));
  const [signing = ''] = keys;
  const cipher = ring.get(signing)?.[0];
  if (!cipher) throw new Error('links.keys must name at least one key');

  return {
    sign: (claims) => `v1.${signing}.${Buffer.from(cipher().encrypt(encode(claims))).toString('base64url')}`,
    read(token) {
      if (token.length > longestToken) return undefined;
      const [version, name = '', text, ...more] = token.split('.');
      const known = ring.get(name);
      if (version !== 'v1' || !known || text === undefined || more.length > 0) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      // base64url has several spellings of the same bytes, and only ours is a token.
      if (bytes.length <= tagLength || bytes.toString('base64url') !== text) return undefined;
      return known.map((one) => decrypted(one(), bytes)).find((claims) => claims !== undefined);
    },
  };
}

const tagLength = 16;

/** A new cipher for each message: it encrypts once. The name of the key is authenticated with the message. */
function cipherOf(secret: string, name: string, installation: string): () => ReturnType<typeof gcmsiv> {
  const info = `rivulet token key ${name} of ${installation}`;
  const key = new Uint8Array(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', info, 32));
  const about = Buffer.from(`v1.${name}`);
  return () => gcmsiv(key, new Uint8Array(12), about);
}

function decrypted(cipher: ReturnType<typeof gcmsiv>, bytes: Uint8Array): Claims | undefined {
  try {
    return decode(Buffer.from(cipher.decrypt(bytes)).toString());
  } catch {
    return undefined; // not ours, or changed
  }
}

/** One letter a field: a List-Unsubscribe header has room for 995 characters. */
const letters = {
  user: 'u',
  action: 'a',
  topic: 't',
  mail: 'm',
  event: 'e',
  address: 'h',
  only: 'o',
  topics: 'g',
  revoke: 'r',
  since: 's',
  until: 'x',
} as const satisfies Record<keyof Claims, string>;

const actions = { unsubscribe: 'u', preferences: 'p', confirm: 'c', undo: 'b' } as const satisfies Record<
  Claims['action'],
  string
>;

const fields = Object.entries(letters) as [keyof Claims, string][];

function encode(claims: Claims): Uint8Array {
  const short = fields
    .filter(([field]) => claims[field] !== undefined)
    .map(([field, letter]) => [letter, field === 'action' ? actions[claims.action] : claims[field]]);
  return Buffer.from(JSON.stringify(Object.fromEntries(short)));
}

/** Only what we encrypted ourselves comes here, so its shape is known. */
function decode(text: string): Claims {
  const short = JSON.parse(text) as Record<string, unknown>;
  const action = Object.entries(actions).find(([, letter]) => letter === short[letters.action])?.[0];
  const long = fields
    .filter(([, letter]) => short[letter] !== undefined)
    .map(([field, letter]) => [field, field === 'action' ? action : short[letter]]);
  return Object.fromEntries(long);
}
