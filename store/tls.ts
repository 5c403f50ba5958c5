import { createPrivateKey, X509Certificate } from 'node:crypto';

import { readSmallFile, whyUnreadable } from '../config/small-file.ts';
import { CredentialsError } from './credentials-error.ts';

/** A CA to trust, and this process's certificate and key: each is PEM text or the path of a PEM file. */
export interface TlsSources {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

/** The variable or parameter that set each, for messages. */
export type TlsNames = Readonly<Record<keyof TlsSources, string>>;

/** PEM texts, as `node:tls` takes them. */
export interface Tls {
  ca?: string;
  cert?: string;
  key?: string;
}

/**
 * Reads the files now: call it for each new connection, so that renewed certificates are used. Throws a CredentialsError for what
 * cannot be used: unreadable, not PEM, expired, or a key of another certificate.
 */
export function readTls(sources: TlsSources, names: TlsNames): Tls {
  const { ca, cert, key } = sources;
  if ((cert === undefined) !== (key === undefined)) {
    const [set, missing] = cert === undefined ? (['key', 'cert'] as const) : (['cert', 'key'] as const);
    throw new CredentialsError(`${names[set]} is set without ${names[missing]}: a client certificate needs both.`);
  }
  const tls: Tls = {};
  if (ca !== undefined) tls.ca = readAuthorities(ca, names.ca);
  if (cert !== undefined && key !== undefined) Object.assign(tls, readPair(cert, key, names));
  return tls;
}

function readAuthorities(source: string, name: string): string {
  const pem = readPem(source, name);
  const all = certificatesIn(pem, source, name);
  // A bundle may hold some that have expired.
  if (all.every(isExpired)) throw new CredentialsError(`${name}: ${expired(all, source)}. Set it to the current CA.`);
  return pem;
}

function readPair(certSource: string, keySource: string, names: TlsNames): Required<Omit<Tls, 'ca'>> {
  const cert = readPem(certSource, names.cert);
  const [leaf, ...chain] = certificatesIn(cert, certSource, names.cert);
  if (isExpired(leaf)) {
    throw new CredentialsError(
      `${names.cert}: ${expired([leaf, ...chain], certSource)}. Renew the client certificate.`,
    );
  }
  const key = readPem(keySource, names.key);
  if (!leaf.checkPrivateKey(privateKeyIn(key, keySource, names.key))) {
    throw new CredentialsError(
      `${names.key}: the key in ${where(keySource)} does not belong to the certificate in ${where(certSource)} (${names.cert}). Set both to one pair.`,
    );
  }
  return { cert, key };
}

function readPem(source: string, name: string): string {
  // A variable in an .env file often has \n in place of line breaks.
  if (isPem(source)) return source.replaceAll(String.raw`\n`, '\n');
  try {
    return readSmallFile(source);
  } catch (error) {
    throw new CredentialsError(
      `${name}: ${where(source)}: ${whyUnreadable(error)}. Set it to the path of a PEM file that this process may read, or to the PEM text.`,
    );
  }
}

const isPem = (source: string) => source.trimStart().startsWith('-----BEGIN ');

function certificatesIn(pem: string, source: string, name: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const started = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  try {
    const [first, ...more] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined && started === blocks.length) return [first, ...more];
  } catch {
    // invalid content between the markers
  }
  const what = started === 0 ? 'has no certificate' : 'has an incomplete or damaged certificate';
  throw new CredentialsError(
    `${name}: ${where(source)} ${what}. It must be PEM: -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.`,
  );
}

function privateKeyIn(pem: string, source: string, name: string) {
  if (/ENCRYPTED/.test(pem)) {
    throw new CredentialsError(
      `${name}: the key in ${where(source)} is encrypted. Decrypt it: openssl pkey -in … -out …`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CredentialsError(
      `${name}: ${where(source)} has no usable private key. It must be PEM: -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.`,
    );
  }
}

const isExpired = ({ validTo }: X509Certificate) => Date.parse(validTo) < Date.now();

function expired([{ validTo }]: [X509Certificate, ...X509Certificate[]], source: string): string {
  return `the certificate in ${where(source)} expired on ${new Date(validTo).toISOString().slice(0, 10)}`;
}

/** Never shows PEM text, nor a value that may be a key without its first line. */
function where(source: string): string {
  if (isPem(source)) return 'its PEM text';
  const isPath = /^[\w.~:\\/ -]{1,200}$/.test(source) && !/[a-zA-Z0-9]{31}/.test(source);
  return isPath ? source : 'the file that it names';
}
