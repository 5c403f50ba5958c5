import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a link in a mail may do, for whom, and about what. No address is ever in here: a link is seen by many machines. */
export interface Claims {
  user: string;
  action: 'unsubscribe' | 'preferences' | 'confirm' | 'undo';
  /** unsubscribe: from what. */
  topic?: string;
  /** The message tag of the mail that the link stands in. */
  mail?: string;
  /** confirm: the event that asked for a confirmation. */
  event?: string;
  /** unsubscribe, confirm: the keyed hash of the address that the mail goes to. */
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

/** Signs what a link may do, and reads it back. Everything that decides what a link does is under the signature. */
export interface Tokens {
  sign(claims: Claims): string;
  /** What was signed; undefined for anything that is not a token of ours, to the letter. */
  read(token: string): Claims | undefined;
}

export interface TokenSecrets {
  secret: string;
  previous?: string | undefined;
  keys: readonly string[];
}

/** No token is longer; what is, is refused before any work is spent on it. */
export const longestToken = 4_000;

/**
 * Tokens `v1.<key>.<payload>.<HMAC-SHA256>`, the last two in base64url. `keys[0]` signs; every key of the list is accepted,
 * and one that was taken out is not. They do not expire, since emails do not. What was signed under `previous`, the secret
 * before a rotation, is accepted as long as that is given.
 */
export function createTokens({ secret, previous, keys }: TokenSecrets): Tokens {
  const secrets = previous === undefined ? [secret] : [secret, previous];
  const ring = new Map(keys.map((name) => [name, secrets.map((one) => keyNamed(one, name))]));
  const [signing = ''] = keys;
  const key = ring.get(signing)?.[0];
  if (!key) throw new Error('links.keys must name at least one key');

  return {
    sign: (claims) => sealed(`v1.${signing}.${encode(claims)}`, key),
    read(token) {
      if (token.length > longestToken) return undefined;
      const [version, name = '', payload = '', mac, ...more] = token.split('.');
      const known = ring.get(name);
      if (version !== 'v1' || !known || mac === undefined || more.length > 0) return undefined;
      // Compared as text: base64url has several spellings of the same bytes, and only ours is a token.
      if (!known.some((one) => sameText(token, sealed(`v1.${name}.${payload}`, one)))) return undefined;
      const claims = decode(payload);
      return claims && encode(claims) === payload ? claims : undefined;
    },
  };
}

function keyNamed(secret: string, name: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', `rivulet token key ${name}`, 32));
}

function sealed(text: string, key: Buffer): string {
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** Takes equally long whatever the difference is. */
function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
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

function encode(claims: Claims): string {
  const short = fields
    .filter(([field]) => claims[field] !== undefined)
    .map(([field, letter]) => [letter, field === 'action' ? actions[claims.action] : claims[field]]);
  return Buffer.from(JSON.stringify(Object.fromEntries(short))).toString('base64url');
}

/** Only what we signed ourselves comes here, so its shape is known. */
function decode(payload: string): Claims | undefined {
  try {
    const short = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const action = Object.entries(actions).find(([, letter]) => letter === short[letters.action])?.[0];
    const long = fields
      .filter(([, letter]) => short[letter] !== undefined)
      .map(([field, letter]) => [field, field === 'action' ? action : short[letter]]);
    return Object.fromEntries(long);
  } catch {
    return undefined;
  }
}
