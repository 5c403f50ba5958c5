import 'reflect-metadata';

import type { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as x509 from '@peculiar/x509';

const day = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Certificate {
  /** Paths of PEM files. */
  certificate: string;
  key: string;
  /** Their contents. */
  pem: { cert: string; key: string };
}

export interface CertificateOptions {
  /** The common name: of a client, who it is. */
  name: string;
  /** Host names and addresses that it is valid for. Default: localhost. */
  hosts?: readonly string[];
  /** When it expires, Unix ms. */
  expires?: number;
}

/** A CA of a test's own, which signs certificates of servers and clients into files of a temporary folder. */
export interface Authority {
  folder: string;
  /** Path of its own certificate. */
  ca: string;
  pem: string;
  issue(options: CertificateOptions): Promise<Certificate>;
  remove(): void;
}

export async function createAuthority(name = 'Test CA'): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-ca-'));
  const keys = await newKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore: new Date(Date.now() - 30 * day),
    notAfter: new Date(Date.now() + 30 * day),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  let issued = 0;
  const write = (file: string, text: string) => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const pem = own.toString('pem');
  return {
    folder,
    pem,
    ca: write('ca.pem', pem),
    async issue({ name: commonName, hosts = ['localhost', '127.0.0.1'], expires = Date.now() + 10 * day }) {
      const number = (issued += 1);
      const { publicKey, privateKey } = await newKeys();
      const made = await x509.X509CertificateGenerator.create({
        serialNumber: String(number).padStart(2, '0'),
        subject: `CN=${commonName}`,
        issuer: own.subject,
        notBefore: new Date(Math.min(Date.now(), expires) - day),
        notAfter: new Date(expires),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts.map(generalName))] : [],
      });
      const certificate = made.toString('pem');
      const key = await inPem(privateKey);
      return {
        certificate: write(`${number}.pem`, certificate),
        key: write(`${number}.key`, key),
        pem: { cert: certificate, key },
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function generalName(host: string): x509.JsonGeneralName {
  return { type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns', value: host };
}

async function inPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
