import { describe, expect, it } from 'vitest';

import { environmentSchema } from '../config/environment.ts';
import { type NatsVariables, natsVariables, readNatsAccess } from '../config/nats-access.ts';

const read = (variables: NatsVariables) => readNatsAccess(variables).access;
const mistakes = (variables: NatsVariables) => readNatsAccess(variables).mistakes;

it('the variables are those of the environment', () => {
  const documented = Object.keys(environmentSchema.shape).filter((name) => name.startsWith('NATS_'));
  expect([...natsVariables]).toEqual(documented);
});

describe('a login', () => {
  it.each<[string, NatsVariables, object]>([
    ['none', {}, { way: 'none' }],
    ['user and password in the URL', { NATS_URL: 'nats://a:b@h:1' }, { way: 'password', user: 'a', password: 'b' }],
    [
      'encoded characters',
      { NATS_URL: 'nats://a%40b:p%2Fw%2C%3A@h' },
      { way: 'password', user: 'a@b', password: 'p/w,:' },
    ],
    ['a token in the URL', { NATS_URL: 'nats://t0k@h' }, { way: 'token', token: 't0k' }],
    ['the same at every server', { NATS_URL: 'nats://a:b@h:1,a:b@h:2' }, { way: 'password', user: 'a', password: 'b' }],
    ['a user', { NATS_USER: 'a', NATS_PASSWORD: 'b:c@d' }, { way: 'password', user: 'a', password: 'b:c@d' }],
    ['a token', { NATS_TOKEN: 't' }, { way: 'token', token: 't' }],
    ['an NKey', { NATS_NKEY: '/run/seed' }, { way: 'nkey', nkey: '/run/seed' }],
    ['a creds file', { NATS_CREDS: '/run/creds' }, { way: 'creds', creds: '/run/creds' }],
    ['an empty variable', { NATS_USER: '', NATS_PASSWORD: '', NATS_TOKEN: 't' }, { way: 'token', token: 't' }],
  ])('is read: %s', (_, variables, login) => {
    expect(mistakes(variables)).toEqual([]);
    expect(read(variables).login).toMatchObject(login);
  });

  const ways: NatsVariables[] = [
    { NATS_URL: 'nats://a:b@h' },
    { NATS_URL: 'nats://t0k@h' },
    { NATS_USER: 'a', NATS_PASSWORD: 'b' },
    { NATS_TOKEN: 't' },
    { NATS_NKEY: 'n' },
    { NATS_CREDS: 'c' },
  ];
  const pairs = ways.flatMap((one, index) => ways.slice(index + 1).map((other) => ({ ...one, ...other })));
  it.each(pairs.filter((pair) => Object.keys(pair).filter((name) => name !== 'NATS_PASSWORD').length === 2))(
    'in two ways is a mistake: %o',
    (both) => {
      expect(mistakes(both)).toEqual([expect.stringMatching(/^environment .+: are 2 ways to log in to NATS\./)]);
    },
  );
});

describe('an address', () => {
  it.each([
    ['nats://h', ['h:4222'], false],
    ['h:7', ['h:7'], false],
    ['nats://a:b@h:1, nats://a:b@[::1]:2', ['h:1', '[::1]:2'], false],
    ['tls://h', ['h:4222'], true],
  ])('%s', (NATS_URL, servers, tls) => {
    expect(read({ NATS_URL })).toMatchObject({ servers, tls });
  });

  it.each([
    'nats://a:p/w@h',
    'nats://a:1/w@h',
    'nats://a:1#w@h',
    'nats://a:1?w@h',
    'nats://a:12,34@h',
    'nats://a:b,c@h',
    'nats://a:%zz@h',
    'nats://:secret@h',
    'nats://',
    'http://h',
    'nats://a:b@h:1,h:2',
    'nats://a:b@h:1,a:c@h:2',
  ])('that can be read in two ways, or not at all, is a mistake: %s', (NATS_URL) => {
    const [mistake, ...others] = mistakes({ NATS_URL });
    expect(others).toEqual([]);
    expect(mistake).toMatch(/^environment NATS_URL: must /);
  });
});

it.each<[NatsVariables, string]>([
  [{ NATS_USER: 'a' }, 'environment NATS_USER: needs NATS_PASSWORD'],
  [{ NATS_PASSWORD_FILE: '/b' }, 'environment NATS_PASSWORD_FILE: needs NATS_USER'],
  [
    { NATS_USER: 'a', NATS_PASSWORD: 'b', NATS_PASSWORD_FILE: '/b' },
    'environment NATS_PASSWORD, NATS_PASSWORD_FILE: are both set. Set one of them',
  ],
  [
    { NATS_TOKEN: 't', NATS_TOKEN_FILE: '/t' },
    'environment NATS_TOKEN, NATS_TOKEN_FILE: are 2 ways to log in to NATS. Keep one and unset the others',
  ],
  [{ NATS_PASSWORD: 'b' }, 'environment NATS_PASSWORD: needs NATS_USER'],
  [{ NATS_CERT: 'c' }, 'environment NATS_CERT: needs NATS_KEY: a certificate and its private key are used together'],
  [{ NATS_KEY: 'k' }, 'environment NATS_KEY: needs NATS_CERT: a certificate and its private key are used together'],
  [{ NATS_JS_DOMAIN: 'a.b' }, 'environment NATS_JS_DOMAIN: must be one word without dots, such as hub'],
  [{ NATS_JS_PREFIX: 'a.*' }, 'environment NATS_JS_PREFIX: must be a subject without wildcards, such as $JS.hub.API'],
  [
    { NATS_JS_DOMAIN: 'hub', NATS_JS_PREFIX: '$JS.hub.API' },
    'environment NATS_JS_DOMAIN, NATS_JS_PREFIX: are alternatives: the domain hub is the prefix $JS.hub.API. Keep one',
  ],
])('%o is a mistake', (variables, said) => {
  expect(mistakes(variables)).toEqual([said]);
});

it('a certificate or a CA asks for TLS', () => {
  expect(read({ NATS_CA: '/ca.pem' })).toMatchObject({ tls: true, ca: '/ca.pem' });
  expect(read({ NATS_CERT: '/c.pem', NATS_KEY: '/k.pem' })).toMatchObject({ tls: true, cert: '/c.pem', key: '/k.pem' });
});
