import dns from 'node:dns';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { serverUser } from '../../local/servers/server-user.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { openRecord } from '../../runtime/record.ts';
import { StartError } from '../../runtime/stop-signal.ts';
import { connectPostgres, type ConnectOptions, type Postgres } from '../../store/postgres/connect.ts';
import { readServer } from '../../store/postgres/server.ts';
import { createAuthority } from '../support/certificates.ts';
import { asAdmin } from '../support/database.ts';
import { skippedWithout } from '../support/installed.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { startRelay } from '../support/relay.ts';
import { secret } from '../support/secrets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reason = skippedWithout('openssl');
const open: Postgres[] = [];
afterEach(() => Promise.all(open.splice(0).map((postgres) => postgres.close())));

function connect(options: ConnectOptions): Postgres {
  const postgres = connectPostgres({ connections: 2, ...options });
  open.push(postgres);
  return postgres;
}

const session = {
  name: 'session',
  text: 'SELECT current_user AS user, pg_backend_pid() AS pid, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
};
const ask = async (postgres: Postgres) =>
  (await postgres.query<{ user: string; pid: number; ssl: boolean }>(session))[0]!;
const endAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'postgres'`;

describe.skipIf(reason !== '')(`Postgres with TLS and passwords${reason}`, async () => {
  const authority = await createAuthority();
  const stranger = await createAuthority('another CA');
  afterAll(() => [authority, stranger].forEach((one) => one.remove()));
  const another = (await authority.issue({ name: 'other' })).pem;
  const strange = (await stranger.issue({ name: 'certified' })).pem;
  const client = (await authority.issue({ name: 'certified' })).pem;
  let folder: string;
  let server: OwnPostgres;
  let at: (user: string, host?: string) => string;
  const owned = (path: string, text: string) => {
    const user = serverUser(root);
    writeFileSync(path, text, { mode: 0o600 });
    if (user) chownSync(path, user.uid, user.gid);
  };
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const shows = ({ cert, key }: { cert: string; key: string }) => {
    owned(join(server.dataDir, 'server.pem'), cert);
    owned(join(server.dataDir, 'server.key'), key);
    return asAdmin(server.url, 'SELECT pg_reload_conf()');
  };

  beforeAll(async () => {
    folder = temporaryFolder('rivulet-postgres-access-');
    const { cert, key } = (await authority.issue({ name: 'postgres', hosts: ['localhost'] })).pem;
    server = await startOwnPostgres({
      prepare: async (dataDir) => {
        owned(join(dataDir, 'server.pem'), cert);
        owned(join(dataDir, 'server.key'), key);
        owned(join(dataDir, 'ca.pem'), authority.pem);
        const rules = [
          'host all postgres 127.0.0.1/32 trust',
          'hostssl all certified 127.0.0.1/32 cert',
          'hostssl all encrypted 127.0.0.1/32 trust',
          'host all plain 127.0.0.1/32 trust',
          'host all rotated 127.0.0.1/32 scram-sha-256',
        ];
        owned(join(dataDir, 'hba.conf'), `${rules.join('\n')}\n`);
      },
      settings: (dataDir) => ({
        ssl: 'on',
        ssl_cert_file: join(dataDir, 'server.pem'),
        ssl_key_file: join(dataDir, 'server.key'),
        ssl_ca_file: join(dataDir, 'ca.pem'),
        hba_file: join(dataDir, 'hba.conf'),
      }),
    });
    at = (user, host = 'localhost') => `postgres://${user}@${host}:${server.port}/rivulet`;
    await asAdmin(
      server.url,
      `CREATE ROLE certified LOGIN; CREATE ROLE encrypted LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE rotated LOGIN PASSWORD 'first'`,
    );
  }, 60_000);
  afterAll(() => server.stop());

  it.each<[string, () => ConnectOptions, boolean]>([
    ['disable, and without sslmode', () => ({ url: at('plain') }), false],
    ['require verifies nothing', () => ({ url: `${at('encrypted', '127.0.0.1')}?sslmode=require` }), true],
    [
      'verify-ca asks for no host name',
      () => ({ url: `${at('encrypted', '127.0.0.1')}?sslmode=verify-ca`, ca: authority.pem }),
      true,
    ],
    [
      'require with a CA is verify-ca, as in libpq',
      () => ({ url: `${at('encrypted', '127.0.0.1')}?sslmode=require`, ca: authority.pem }),
      true,
    ],
    ['verify-full', () => ({ url: `${at('encrypted')}?sslmode=verify-full`, ca: authority.pem }), true],
    ['a CA without sslmode is verify-full', () => ({ url: at('encrypted'), ca: authority.pem }), true],
    [
      'certificates in the URL',
      () => ({
        url: `${at('certified')}?sslmode=verify-full&sslrootcert=${file('ca.pem', authority.pem)}&sslcert=${file('c.pem', client.cert)}&sslkey=${file('c.key', client.key)}`,
      }),
      true,
    ],
    ['a client certificate', () => ({ url: at('certified'), ca: authority.pem, ...client }), true],
  ])('connects: %s', async (_, options, ssl) => {
    expect(await ask(connect(options()))).toMatchObject({ ssl });
  });

  const untrusted =
    /^Postgres at \S+:\d+ shows a certificate that no trusted CA has signed\. Set POSTGRES_CA to the CA that did\.$/;
  it.each<[string, () => ConnectOptions, RegExp]>([
    ['verify-full with another CA', () => ({ url: at('encrypted'), ca: stranger.pem }), untrusted],
    ['require with another CA', () => ({ url: `${at('encrypted')}?sslmode=require`, ca: stranger.pem }), untrusted],
    ['verify-full without a CA', () => ({ url: `${at('encrypted')}?sslmode=verify-full` }), untrusted],
    [
      'verify-full with another host',
      () => ({ url: at('encrypted', '127.0.0.1'), ca: authority.pem }),
      /shows a certificate for another host name/,
    ],
    [
      'no TLS where it is asked for',
      () => ({ url: at('encrypted') }),
      /^Postgres at localhost:\d+ refused a connection without TLS\. Set sslmode=verify-full in POSTGRES_URL/,
    ],
    [
      'no client certificate',
      () => ({ url: at('certified'), ca: authority.pem }),
      /refused these credentials\. .* or the client certificate/,
    ],
    [
      'the client certificate of another user',
      () => ({ url: at('certified'), ca: authority.pem, ...another }),
      /refused these credentials/,
    ],
    [
      'a client certificate of another CA',
      () => ({ url: at('certified'), ca: authority.pem, ...strange }),
      /did not accept the client certificate/,
    ],
    ['a wrong password', () => ({ url: at('rotated'), password: 'geheim' }), /refused these credentials/],
  ])('refuses %s, and says why', async (_, options, message) => {
    const error = await ask(connect(options())).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('geheim');
  });

  it('says that the certificate of the server has expired', async () => {
    await shows(
      (await authority.issue({ name: 'postgres', hosts: ['localhost'], expires: Date.now() - 86_400_000 })).pem,
    );
    const expired = /shows a certificate that has expired\. Renew it on the server/;
    await expect.poll(() => ask(connect({ url: at('encrypted'), ca: authority.pem })).catch(String)).toMatch(expired);
    await shows((await authority.issue({ name: 'postgres', hosts: ['localhost'] })).pem);
    await expect
      .poll(() => ask(connect({ url: at('encrypted'), ca: authority.pem })).catch(String))
      .toMatchObject({ ssl: true });
  });

  it('uses certificates that were renewed on disk for new connections', async () => {
    const files = {
      ca: file('ca.pem', authority.pem),
      cert: file('own.pem', client.cert),
      key: file('own.key', client.key),
    };
    const postgres = connect({ url: at('certified'), ...files });
    const { pid } = await ask(postgres);
    const renewed = (await authority.issue({ name: 'certified' })).pem;
    file('own.pem', renewed.cert); // its key is not written yet
    expect(await ask(postgres)).toMatchObject({ pid }); // what is open stays
    await asAdmin(server.url, endAll);
    await expect.poll(() => ask(postgres).catch(String)).toMatch(/POSTGRES_KEY: the key in .*own\.key does not belong/);
    file('own.key', renewed.key);
    expect(await ask(postgres)).toMatchObject({ user: 'certified' });
  });

  it.each<[string, () => { options: ConnectOptions; rotate: (to: string) => void }]>([
    [
      'a file',
      () => ({
        options: { url: at('rotated'), passwordFile: file('password', 'first\n') },
        rotate: (to) => void file('password', `${to}\n`),
      }),
    ],
    [
      'a command',
      () => ({
        options: { url: at('rotated'), passwordCommand: `cat ${file('token', 'first')}` },
        rotate: (to) => void file('token', to),
      }),
    ],
  ])('takes the password from %s again for each new connection', async (_, scene) => {
    const { options, rotate } = scene();
    const postgres = connect(options);
    const { pid } = await ask(postgres);
    await asAdmin(server.url, `ALTER ROLE rotated PASSWORD 'second'`);
    expect(await ask(postgres)).toMatchObject({ pid }); // what is open stays
    await asAdmin(server.url, endAll);
    await expect.poll(() => ask(postgres).catch(String)).toMatch(/refused these credentials/);
    rotate('second');
    expect(await ask(postgres)).toMatchObject({ user: 'rotated' });
    await asAdmin(server.url, `ALTER ROLE rotated PASSWORD 'first'`);
  });

  it('runs the command once for connections that open together', async () => {
    const runs = file('runs', '');
    const postgres = connect({ url: at('rotated'), passwordCommand: `echo run >> ${runs}; echo first` });
    await Promise.all([ask(postgres), ask(postgres)]);
    expect(readFileSync(runs, 'utf8')).toBe('run\n');
  });

  it.each([
    ['fails', 'exit 3', /^POSTGRES_PASSWORD_COMMAND failed \(3\)\. Run it as this user; it must print the password/],
    ['prints nothing', 'true', /^POSTGRES_PASSWORD_COMMAND printed nothing/],
  ])('a password command that %s is named', async (_, passwordCommand, message) => {
    await expect(ask(connect({ url: at('rotated'), passwordCommand }))).rejects.toThrow(message);
  });

  it('a process that starts ends when its password is refused, and waits when it was right before', async () => {
    const settings = {
      server: { url: server.url },
      secrets: { secret },
      retention: { sendsMs: 1, eventsMs: 1 },
      provision: false,
    };
    const log = { warn: vi.fn<() => void>() };
    const refused = connect({ url: at('rotated'), password: 'wrong' });
    await expect(openRecord(refused, settings, log)).rejects.toThrow(StartError);
    const untrustedServer = connect({ url: at('encrypted'), ca: stranger.pem });
    await expect(openRecord(untrustedServer, settings, log)).rejects.toThrow(StartError);

    const admitted = connect({ url: server.url });
    let asked = 0;
    const query: Postgres['query'] = async (...what) => {
      asked += 1;
      if (asked === 2) throw Object.assign(new Error('something else'), { code: '57P03' });
      if (asked === 3) throw Object.assign(new Error('Postgres at x refused these credentials.'), { code: '28P01' });
      return admitted.query(...what);
    };
    // The schema is missing: what it ends with shows that it asked again after the refusal.
    await expect(openRecord({ ...admitted, query }, settings, log)).rejects.toThrow(/out of date/);
    expect(log.warn).toHaveBeenCalledTimes(2);
  });

  it('new connections resolve the host again, and a server that takes no writes any more is left', async () => {
    const other = await startOwnPostgres({ settings: () => ({ default_transaction_read_only: 'off' }) });
    const relay = await startRelay(`127.0.0.1:${server.port}`);
    let address = '127.0.0.1';
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_: string, options: object, found: Function) => {
      if ((options as { all?: boolean }).all) found(null, [{ address, family: 4 }]);
      else found(null, address, 4);
    }) as never);
    try {
      const port = Number(relay.address.split(':')[1]);
      const postgres = connect({ url: `postgres://postgres@db.example.com:${port}/rivulet`, connections: 1 });
      const first = await readServer(postgres);
      expect(lookup).toHaveBeenCalledTimes(1);
      await asAdmin(server.url, `ALTER DATABASE rivulet SET default_transaction_read_only = on`);
      await asAdmin(server.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'rivulet'`);
      await expect
        .poll(() =>
          readServer(postgres).then(
            ({ read_only }) => read_only,
            () => false,
          ),
        )
        .toBe(true);
      address = '127.0.0.1';
      relay.passNewTo(`127.0.0.1:${other.port}`);
      const write = { name: 'write', text: 'CREATE TABLE written ()' };
      await expect(postgres.query(write)).rejects.toMatchObject({ code: '25006' });
      await postgres.query(write); // on another connection, which leads to the new primary
      expect(lookup.mock.calls.length).toBeGreaterThan(2);
      expect((await readServer(postgres)).version).toBe(first.version);
    } finally {
      lookup.mockRestore();
      await asAdmin(server.url, `ALTER DATABASE rivulet SET default_transaction_read_only = off`);
      relay.close();
      await other.stop();
    }
  }, 60_000);
});

const url = 'postgres://u@h/d';
it.each<[string, ConnectOptions, RegExp]>([
  [
    'an unknown sslmode',
    { url: `${url}?sslmode=prefer` },
    /^sslmode in POSTGRES_URL must be disable, require, verify-ca or verify-full; allow and prefer/,
  ],
  ['verify-ca without a CA', { url: `${url}?sslmode=verify-ca` }, /^sslmode=verify-ca needs the CA: set POSTGRES_CA/],
  ['disable with a CA', { url: `${url}?sslmode=disable`, ca: '/ca.pem' }, /contradicts the certificates/],
  [
    'a CA that does not exist',
    { url: `${url}?sslrootcert=/nowhere` },
    /^sslrootcert in POSTGRES_URL: \/nowhere: no such file/,
  ],
  [
    'two passwords',
    { url, password: 'a', passwordCommand: 'b' },
    /^Set only one of POSTGRES_PASSWORD, POSTGRES_PASSWORD_FILE/,
  ],
])('a connection with %s is not tried', (_, options, message) => {
  expect(() => connectPostgres(options)).toThrow(message);
});
