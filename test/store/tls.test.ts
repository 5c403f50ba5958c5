import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { readTls, type TlsSources } from '../../store/tls.ts';
import { createAuthority } from '../support/certificates.ts';
import { skippedWithout } from '../support/installed.ts';

const reason = skippedWithout('openssl');

describe.skipIf(reason !== '')(`the certificates of a connection${reason}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const authority = await createAuthority();
  afterAll(() => authority.remove());
  const { cert, key } = (await authority.issue({ name: 'rivulet' })).pem;
  const names = { ca: 'X_CA', cert: 'X_CERT', key: 'X_KEY' };
  const read = (sources: TlsSources) => readTls(sources, names);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const files = { ca: file('ca.pem', authority.pem), cert: file('cert.pem', cert), key: file('cert.key', key) };

  it('are read from files, or are PEM text themselves', () => {
    const pem = { ca: authority.pem, cert, key };
    expect(read(files)).toEqual(pem);
    expect(read(pem)).toEqual(pem);
    expect(read({ ca: authority.pem.replaceAll('\n', String.raw`\n`) }).ca).toBe(authority.pem);
    expect(read({})).toEqual({});
  });

  it('may be a bundle, of which some have expired', async () => {
    const old = await authority.issue({ name: 'old', expires: Date.now() - 86_400_000 });
    const bundle = `${old.pem.cert}${authority.pem}`;
    expect(read({ ca: bundle }).ca).toBe(bundle);
  });

  const expired = (await authority.issue({ name: 'expired', expires: Date.now() - 86_400_000 })).pem;
  const other = (await authority.issue({ name: 'another' })).pem;
  it.each<[string, TlsSources, RegExp]>([
    [
      'a file that does not exist',
      { ca: '/nowhere/ca.pem' },
      /^X_CA: \/nowhere\/ca\.pem: no such file\. Set it to the path of a PEM file/,
    ],
    ['a folder', { ca: '/' }, /^X_CA: \/: not a regular file/],
    [
      'a file that is not PEM',
      { ca: file('text', 'hello') },
      /^X_CA: .*\/text has no certificate\. It must be PEM: -----BEGIN CERTIFICATE-----/,
    ],
    [
      'a file that ends too early',
      { ca: file('half', authority.pem.slice(0, 200)) },
      /^X_CA: .*\/half has an incomplete or damaged certificate/,
    ],
    [
      'a damaged one',
      { ca: file('damaged', authority.pem.replace(/MII.{40}/, '')) },
      /^X_CA: .*\/damaged has an incomplete or damaged certificate/,
    ],
    [
      'a CA that has expired',
      { ca: expired.cert },
      /^X_CA: the certificate in its PEM text expired on \d{4}-\d\d-\d\d\. Set it to the current CA/,
    ],
    [
      'a client certificate that has expired',
      expired,
      /^X_CERT: the certificate in its PEM text expired on .*\. Renew the client certificate/,
    ],
    [
      'the key of another certificate',
      { cert: files.cert, key: other.key },
      /^X_KEY: the key in its PEM text does not belong to the certificate in .*\/cert\.pem \(X_CERT\)/,
    ],
    ['a certificate in place of the key', { cert, key: files.cert }, /^X_KEY: .*\/cert\.pem has no usable private key/],
    [
      'a key that is encrypted',
      { cert, key: key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY') },
      /^X_KEY: the key in its PEM text is encrypted\. Decrypt it/,
    ],
    ['a certificate without its key', { cert }, /^X_CERT is set without X_KEY: a client certificate needs both/],
    ['a key without its certificate', { key }, /^X_KEY is set without X_CERT/],
  ])('%s is refused, with where and what would be right', (_, sources, message) => {
    expect(() => read(sources)).toThrow(message);
  });

  it('that cannot be used are never quoted', () => {
    const body = key.split('\n')[1]!;
    for (const secret of [body, `${body}\n`, key.slice(0, -40), `/${body}`]) {
      expect(() => read({ cert, key: secret })).toThrow(/^X_KEY/);
      expect(() => read({ cert, key: secret })).not.toThrow(body.slice(0, 20));
    }
  });
});
