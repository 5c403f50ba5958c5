import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAccount, createUser, encodeUser, fmtCreds } from '@nats-io/jwt';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { NatsVariables } from '../config/nats-access.ts';
import { selfSigned } from '../local/certificate.ts';
import { natsAccess } from '../runtime/nats-connection.ts';

let dir: string;
let seed: string;
let creds: string;
let pair: { cert: string; key: string };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rivulet-credentials-'));
  const user = createUser();
  seed = new TextDecoder().decode(user.getSeed());
  creds = new TextDecoder().decode(fmtCreds(await encodeUser('ingress', user, createAccount()), user));
  pair = pairOf(selfSigned());
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function pairOf({ pem, privateKey }: ReturnType<typeof selfSigned>) {
  return { cert: pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function file(content: string): string {
  const path = join(dir, `file-${Math.random().toString(36).slice(2, 8)}`);
  writeFileSync(path, content);
  return path;
}

function refusal(variables: NatsVariables): string {
  try {
    natsAccess(variables);
    return '';
  } catch (error) {
    expect((error as Error).name).toBe('StartError');
    return (error as Error).message;
  }
}

it('credentials are taken as content or as the path of a file, also with line endings of Windows and none at the end', () => {
  const windows = creds.replaceAll('\n', '\r\n');
  for (const NATS_CREDS of [creds, file(creds), creds.trim(), windows]) expect(refusal({ NATS_CREDS })).toBe('');
  for (const NATS_NKEY of [seed, file(`${seed}\n`)]) expect(refusal({ NATS_NKEY })).toBe('');
  const { cert, key } = pair;
  expect(refusal({ NATS_CA: cert, NATS_CERT: file(cert), NATS_KEY: file(key) })).toBe('');
  expect(refusal({ NATS_CA: file(cert), NATS_CERT: cert, NATS_KEY: key })).toBe('');
});

const half = (text: string) => text.slice(0, text.length / 2);
const wholeCreds = 'A creds file has a USER JWT and a USER NKEY SEED, as `nsc generate creds` writes it';
const rightSeed = "It must be a user's seed: 58 characters that start with SU, as `nk -gen user` prints it";

it.each<[string, () => NatsVariables, string | RegExp]>([
  [
    'a password file that does not exist',
    () => ({ NATS_USER: 'u', NATS_PASSWORD_FILE: '/nowhere/password' }),
    /NATS_PASSWORD_FILE \(\/nowhere\/password\): no such file\. Set NATS_PASSWORD_FILE to the path of a file$/,
  ],
  ['an empty token file', () => ({ NATS_TOKEN_FILE: file('\n') }), /NATS_TOKEN_FILE \(.*\): the file is empty$/],
  [
    'a creds file that is not there',
    () => ({ NATS_CREDS: '/run/secrets/nats.creds' }),
    'NATS_CREDS (/run/secrets/nats.creds): no such file. Set NATS_CREDS to the path of a file, or to its content',
  ],
  ['a folder', () => ({ NATS_CREDS: '/tmp' }), /NATS_CREDS \(\/tmp\): not a regular file/],
  ['half a creds file', () => ({ NATS_CREDS: file(half(creds)) }), `: is incomplete. ${wholeCreds}`],
  ['half of its content', () => ({ NATS_CREDS: half(creds) }), `NATS_CREDS: is incomplete. ${wholeCreds}`],
  ['an empty creds file', () => ({ NATS_CREDS: file('') }), `: is incomplete. ${wholeCreds}`],
  [
    'a seed that is not of the JWT',
    () => ({ NATS_CREDS: creds.replace(seed, new TextDecoder().decode(createUser().getSeed())) }),
    `NATS_CREDS: its seed does not belong to its JWT. ${wholeCreds}`,
  ],
  [
    'a JWT that cannot be read',
    () => ({ NATS_CREDS: creds.replace(/\neyJ[^\n]+/, '\nnonsense') }),
    `NATS_CREDS: the JWT in it cannot be read. ${wholeCreds}`,
  ],
  ['half a seed', () => ({ NATS_NKEY: half(seed) }), /NATS_NKEY \(what it is set to\): no such file/],
  [
    'a seed with a wrong character',
    () => ({ NATS_NKEY: `${seed.slice(0, 30)}${seed[30] === 'A' ? 'B' : 'A'}${seed.slice(31)}` }),
    `NATS_NKEY: its checksum does not match: a character is missing or wrong. ${rightSeed}`,
  ],
  [
    "an account's seed in a file",
    () => ({ NATS_NKEY: file(new TextDecoder().decode(createAccount().getSeed())) }),
    `: does not contain a user seed. ${rightSeed}`,
  ],
  [
    'a CA that is no certificate',
    () => ({ NATS_CA: file('junk') }),
    /NATS_CA \(.+\): holds no complete certificate in PEM/,
  ],
  ['half a CA', () => ({ NATS_CA: half(pair.cert) }), /NATS_CA: holds no complete certificate in PEM/],
  [
    'an expired certificate',
    () => {
      const { cert, key } = pairOf(selfSigned({ to: new Date('2021-02-03') }));
      return { NATS_CERT: cert, NATS_KEY: key };
    },
    'NATS_CERT: expired on 2021-02-03. Renew it',
  ],
  [
    'half a key',
    () => ({ NATS_CERT: pair.cert, NATS_KEY: half(pair.key) }),
    /NATS_KEY: holds no complete private key in PEM/,
  ],
  [
    'the key of another certificate',
    () => ({ NATS_CERT: pair.cert, NATS_KEY: pairOf(selfSigned()).key }),
    'NATS_KEY: is not the private key of NATS_CERT. Set both from the same pair',
  ],
])('%s is refused with its place and what would be right, and without the secret', (_, variables, said) => {
  const given = variables();
  const message = refusal(given);
  expect(message).toMatch(/^The credentials of NATS cannot be used:\n {2}environment NATS_/);
  if (typeof said === 'string') expect(message).toContain(said);
  else expect(message).toMatch(said);
  for (const secret of [seed, half(seed), pair.key, half(pair.key)]) expect(message).not.toContain(secret.slice(0, 20));
  expect(message.split('\n')).toHaveLength(2);
});

it('every mistake is told at once', () => {
  const message = refusal({ NATS_CREDS: '/none', NATS_CA: '/none', NATS_CERT: '/none', NATS_KEY: '/none' });
  expect(message.split('\n')).toHaveLength(5);
});
