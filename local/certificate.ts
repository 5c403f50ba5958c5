import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface SelfSigned {
  privateKey: KeyObject;
  /** The certificate of the key, in PEM. */
  pem: string;
}

/**
 * A new RSA key and a certificate that it signed itself, for tests and the bench. `host`: the name it is for. Node reads certificates
 * and makes none, so this writes DER (X.509, RFC 5280).
 */
export function selfSigned({
  from = new Date('2020-01-01'),
  to = new Date('2049-01-01'),
  host = 'a test',
} = {}): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = sequence(der(tag.set, sequence(commonName, der(tag.utf8, Buffer.from(host)))));
  const toBeSigned = sequence(
    der(tag.integer, Buffer.from([1])),
    sha256WithRsa,
    name,
    sequence(utcTime(from), utcTime(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('RSA-SHA256', toBeSigned, privateKey);
  // A bit string starts with the number of bits of its last byte that do not count.
  const certificate = sequence(toBeSigned, sha256WithRsa, der(tag.bits, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').replaceAll(/(.{64})(?=.)/g, '$1\n');
  return { privateKey, pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` };
}

const tag = { integer: 0x02, bits: 0x03, utf8: 0x0c, utcTime: 0x17, sequence: 0x30, set: 0x31 };

function sequence(...parts: Buffer[]): Buffer {
  return der(tag.sequence, ...parts);
}

function der(type: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([type, ...lengthOf(content)]), content]);
}

/** One byte up to 127; above, the number of the bytes that follow, and those. */
function lengthOf({ length }: Buffer): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return der(tag.utcTime, Buffer.from(`${digits}Z`));
}

/** Object identifiers with their tag: 2.5.4.3, and 1.2.840.113549.1.1.11 with its empty parameters. */
const commonName = Buffer.from('0603550403', 'hex');
const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'));
