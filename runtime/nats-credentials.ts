import { createPrivateKey, X509Certificate } from 'node:crypto';

import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';

import type { NatsAccess, NatsLogin } from '../config/nats-access.ts';
import { readSmallFile, shownPath, whyUnreadable } from '../config/small-file.ts';

const isPem = (value: string) => value.includes('-----BEGIN');

/** Of a variable that takes a path only. */
const isNever = () => false;

/** A user's seed in base32: S, U, and 56 characters more. */
const isSeed = (value: string) => /^SU[A-Z2-7]{56}$/.test(value.trim());

/** Returns the mistakes in the files and contents that the variables name, each with its place. Never quotes them. */
export function unusableCredentials({ login, ca, cert, key }: NatsAccess): string[] {
  const found: (string | undefined)[] = [];
  if (login.way === 'creds') found.push(mistake('NATS_CREDS', login.creds, isPem, credsMistake));
  if (login.way === 'nkey') found.push(mistake('NATS_NKEY', login.nkey, isSeed, nkeyMistake));
  if (login.way === 'passwordFile') found.push(mistake('NATS_PASSWORD_FILE', login.file, isNever, emptyMistake));
  if (login.way === 'tokenFile') found.push(mistake('NATS_TOKEN_FILE', login.file, isNever, emptyMistake));
  if (ca !== undefined) found.push(mistake('NATS_CA', ca, isPem, caMistake));
  if (cert !== undefined) found.push(mistake('NATS_CERT', cert, isPem, certificateMistake));
  if (key !== undefined) found.push(mistake('NATS_KEY', key, isPem, keyMistake));
  const mistakes = found.filter((each) => each !== undefined);
  if (mistakes.length === 0 && cert !== undefined && key !== undefined) {
    const certificate = new X509Certificate(contentOf(cert, isPem));
    if (!certificate.checkPrivateKey(createPrivateKey(contentOf(key, isPem)))) {
      return ['NATS_KEY: is not the private key of NATS_CERT. Set both from the same pair'];
    }
  }
  return mistakes;
}

type Judge = (content: string) => string | undefined;

function mistake(name: string, value: string, isContent: (value: string) => boolean, judge: Judge): string | undefined {
  const place = isContent(value) ? name : `${name} (${shownPath(value)})`;
  try {
    const why = judge(contentOf(value, isContent));
    return why === undefined ? undefined : `${place}: ${why}`;
  } catch (error) {
    const why = whyUnreadable(error);
    const what = isContent === isNever ? 'a file' : 'a file, or to its content';
    return `${place}: ${why}. Set ${name} to the path of ${what}`;
  }
}

function contentOf(value: string, isContent: (value: string) => boolean): string {
  return isContent(value) ? value : readSmallFile(value);
}

function credsMistake(content: string): string | undefined {
  const whole = 'A creds file has a USER JWT and a USER NKEY SEED, as `nsc generate creds` writes it';
  try {
    const { jwt = '', nkey = '' } = credsAuthenticator(credsBytes(content))('nonce') as { jwt?: string; nkey?: string };
    const { sub } = claimsOf(jwt);
    if (sub === undefined) return `the JWT in it cannot be read. ${whole}`;
    return sub === nkey ? undefined : `its seed does not belong to its JWT. ${whole}`;
  } catch {
    return `is incomplete. ${whole}`;
  }
}

function emptyMistake(content: string): string | undefined {
  return content.trim() === '' ? 'the file is empty' : undefined;
}

function nkeyMistake(content: string): string | undefined {
  const right = "It must be a user's seed: 58 characters that start with SU, as `nk -gen user` prints it";
  const seed = content.trim();
  if (!isSeed(seed)) return `does not contain a user seed. ${right}`;
  try {
    nkeys.fromSeed(Buffer.from(seed));
    return undefined;
  } catch {
    return `its checksum does not match: a character is missing or wrong. ${right}`;
  }
}

const certificates = (pem: string) =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );

function caMistake(pem: string): string | undefined {
  try {
    if (certificates(pem).length > 0) return undefined;
  } catch {
    // reported below
  }
  return 'holds no complete certificate in PEM (BEGIN CERTIFICATE ... END CERTIFICATE)';
}

function certificateMistake(pem: string): string | undefined {
  const why = caMistake(pem);
  if (why !== undefined) return why;
  const until = new Date(certificates(pem)[0]?.validTo ?? 0);
  return until > new Date() ? undefined : `expired on ${day(until)}. Renew it`;
}

function keyMistake(pem: string): string | undefined {
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return 'holds no complete private key in PEM, or one with a passphrase. Write it without a passphrase';
  }
}

/**
 * Reads the files at each connection, so that rotated credentials are used from the next one on. The client stops reconnecting
 * permanently when this throws: while a file is unreadable or incomplete, its previous content is used.
 */
export function authenticatorOf(login: NatsLogin): Authenticator | undefined {
  switch (login.way) {
    case 'password':
      return usernamePasswordAuthenticator(login.user, login.password);
    case 'passwordFile':
      return usernamePasswordAuthenticator(login.user, text(login.file));
    case 'token':
      return tokenAuthenticator(login.token);
    case 'tokenFile':
      return tokenAuthenticator(text(login.file));
    case 'nkey':
      return nkeyAuthenticator(newest(login.nkey, isSeed, nkeyMistake, (content) => Buffer.from(content.trim())));
    case 'creds':
      return credsAuthenticator(newest(login.creds, isPem, credsMistake, credsBytes));
    default:
      return undefined;
  }
}

/** What a file holds now, without white space around it. */
function text(file: string): () => string {
  const read = newest(file, isNever, emptyMistake, (content) => Buffer.from(content.trim()));
  return () => Buffer.from(read()).toString();
}

function newest(
  value: string,
  isContent: (value: string) => boolean,
  judge: Judge,
  bytes: (content: string) => Uint8Array,
): () => Uint8Array {
  let last = contentOf(value, isContent);
  return () => {
    try {
      const content = contentOf(value, isContent);
      if (judge(content) === undefined) last = content;
    } catch {
      // temporarily unreadable
    }
    return bytes(last);
  };
}

/** The client's pattern wants a line feed at the end of every line. */
function credsBytes(content: string): Uint8Array {
  return Buffer.from(`${content.replaceAll('\r', '').trim()}\n`);
}

/** Returns the TLS options. Files are named, not read: the client reads them again at each connection. */
export function tlsOf({ tls, ca, cert, key }: NatsAccess) {
  if (!tls) return undefined;
  return {
    ...(ca !== undefined && (isPem(ca) ? { ca } : { caFile: ca })),
    ...(cert !== undefined && (isPem(cert) ? { cert } : { certFile: cert })),
    ...(key !== undefined && (isPem(key) ? { key } : { keyFile: key })),
  };
}

/** The same, read now. */
export function readTls({ ca, cert, key }: NatsAccess) {
  const read = (value: string | undefined) => (value === undefined ? undefined : contentOf(value, isPem));
  return { ca: read(ca), cert: read(cert), key: read(key) };
}

/** Returns the credentials that expire, and when. */
export function expiries({ login, cert }: NatsAccess): { what: string; at: Date }[] {
  const found: { what: string; at: Date }[] = [];
  if (login.way === 'creds') {
    const jwt = /-{3,}\s*([\w-]+\.[\w-]+\.[\w-]+)\s*-{3,}/.exec(contentOf(login.creds, isPem))?.[1] ?? '';
    const { exp } = claimsOf(jwt);
    if (exp) found.push({ what: 'the JWT in NATS_CREDS', at: new Date(exp * 1_000) });
  }
  if (cert !== undefined) {
    const [first] = certificates(contentOf(cert, isPem));
    if (first) found.push({ what: 'the certificate in NATS_CERT', at: new Date(first.validTo) });
  }
  return found;
}

/** Without checking the signature: only the server's judgement counts. */
function claimsOf(jwt: string): { sub?: string; exp?: number } {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { sub?: string; exp?: number };
  } catch {
    return {};
  }
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
