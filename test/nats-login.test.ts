import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
} from '@nats-io/jwt';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { connectClient } from '../client/index.ts';
import type { NatsVariables } from '../config/nats-access.ts';
import { provisionNats } from '../ingress/nats.ts';
import { createHealthApp } from '../runtime/health.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { type ConfiguredNats, startConfiguredNats } from './support/configured-nats.ts';
import { natsConnections, within } from './support/nats-connections.ts';
import { streamSettings } from './support/own-nats.ts';

let nats: ConfiguredNats;
const { connectAs, refusal, events } = natsConnections();

const seedOf = (pair: { getSeed(): Uint8Array }) => new TextDecoder().decode(pair.getSeed());

describe('users, NKeys and tokens', () => {
  const [key, nextKey] = [createUser(), createUser()];
  const users = (password: string, nkey: string, permissions = '') => `authorization { users: [
    { user: "in@gress", password: "${password}"${permissions} }
    { nkey: ${nkey} }
  ] }`;
  const usual = users('p:w,1', key.getPublicKey());
  let seedFile: string;

  beforeAll(async () => {
    nats = await startConfiguredNats(() => usual);
    seedFile = join(nats.dir, 'seed');
    writeFileSync(seedFile, seedOf(key));
  }, 60_000);
  afterAll(() => nats.stop());

  it('are let in, from every variable', async () => {
    const NATS_URL = `nats://${nats.address}`;
    for (const variables of [
      { NATS_URL: `nats://in%40gress:p%3Aw%2C1@${nats.address}` },
      { NATS_URL, NATS_USER: 'in@gress', NATS_PASSWORD: 'p:w,1' },
      { NATS_URL, NATS_NKEY: seedOf(key) },
      { NATS_URL, NATS_NKEY: seedFile },
    ]) {
      const { manager } = await connectAs(variables);
      await manager.getAccountInfo();
    }
  });

  it.each<[NatsVariables, string]>([
    [
      { NATS_USER: 'in@gress', NATS_PASSWORD: 's3cret' },
      'refused these credentials. Correct NATS_USER and NATS_PASSWORD.',
    ],
    [{ NATS_TOKEN: 's3cret' }, 'refused these credentials. Correct NATS_TOKEN.'],
    [{ NATS_NKEY: seedOf(nextKey) }, 'refused these credentials. Correct NATS_NKEY.'],
    [{}, 'requires credentials. Set NATS_USER and NATS_PASSWORD, NATS_TOKEN, NATS_NKEY or NATS_CREDS.'],
  ])('that are wrong are refused in one line: %#', async (variables, why) => {
    const said = await refusal({ NATS_URL: nats.address, ...variables });
    expect(said).toBe(`NATS at ${nats.address} ${why}`);
  });

  it('a wrong password in the URL is not repeated', async () => {
    const said = await refusal({ NATS_URL: `nats://in%40gress:s3cret@${nats.address}` });
    expect(said).toBe(`NATS at ${nats.address} refused these credentials. Correct NATS_URL.`);
  });

  it('a command that is refused says so and ends with 1', async () => {
    const command = ['publish', 'user.signed_up', '--user', 'u_1'];
    const ran = await rivulet(command, { NATS_URL: `nats://in%40gress:s3cret@${nats.address}` });
    expect(ran).toEqual({ code: 1, err: `NATS at ${nats.address} refused these credentials. Correct NATS_URL.\n` });
  });

  it('an SES stand-in that is refused says so and ends with 1', async () => {
    const env = { ...process.env, HTTP_PORT: '0', NATS_URL: nats.address, NATS_TOKEN: 's3cret' };
    const child = spawn(process.execPath, ['dist/local/ses/main.js'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(err).toBe(
      `The SES stand-in cannot start: NATS at ${nats.address} refused these credentials. Correct NATS_TOKEN.\n`,
    );
  });

  it('a token is let in, from its variable, its file and the URL', async () => {
    await nats.reload('authorization { token: "t0ken" }');
    const file = join(nats.dir, 'token');
    writeFileSync(file, 't0ken\n');
    for (const variables of [
      { NATS_URL: nats.address, NATS_TOKEN: 't0ken' },
      { NATS_URL: nats.address, NATS_TOKEN_FILE: file },
      { NATS_URL: `t0ken@${nats.address}` },
    ]) {
      await connectAs(variables);
    }
    await (await connectClient({ nats: `nats://t0ken@${nats.address}` })).close();
    await nats.reload(usual);
  });

  it('a seed that is rotated while a process runs is read at its next connection, and never when it is half written', async () => {
    const { js, manager } = await connectAs({ NATS_URL: nats.address, NATS_NKEY: seedFile });
    await provisionNats({ manager }, streamSettings);
    writeFileSync(seedFile, seedOf(key).slice(0, 20));
    await nats.reload(users('p:w,1', nextKey.getPublicKey()));
    await vi.waitFor(() => expect(events('nats.unavailable')).toHaveLength(1), within);
    // A second pair of attempts is refused as well, and not logged again.
    const attempts = () => nats.log().split('authentication error').length;
    const before = attempts();
    await vi.waitFor(() => expect(attempts()).toBeGreaterThan(before + 1), within);
    writeFileSync(seedFile, seedOf(nextKey));
    await vi.waitFor(() => expect(events('nats.reconnected')).toHaveLength(1), within);
    expect((await js.publish('marketing.events', 'x')).stream).toBe('MARKETING_EVENTS');
    expect(events('nats.unavailable')).toHaveLength(1);
    await nats.reload(usual);
    writeFileSync(seedFile, seedOf(key));
  });

  it('a process whose password is refused later keeps trying, says why once, and reads a rotated one from its file', async () => {
    const passwordFile = join(nats.dir, 'password');
    writeFileSync(passwordFile, 'p:w,1\n');
    const variables = { NATS_URL: nats.address, NATS_USER: 'in@gress', NATS_PASSWORD_FILE: passwordFile };
    const { connection } = await connectAs(variables);
    await nats.reload(users('another', key.getPublicKey()));
    await vi.waitFor(() => expect(events('nats.unavailable')).toHaveLength(1), within);
    expect(events('nats.unavailable')[0]).toMatchObject({
      level: 'error',
      dependency: 'nats',
      reason: `NATS at ${nats.address} refused these credentials. Correct NATS_USER and NATS_PASSWORD_FILE.`,
    });
    const health = createHealthApp({ nats: () => connection.rtt() }, new Registry());
    const reply = await health.request('/readyz');
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ ready: false, dependencies: { nats: expect.not.stringMatching('ok') } });
    writeFileSync(passwordFile, ''); // half written
    writeFileSync(passwordFile, 'another');
    await vi.waitFor(() => expect(events('nats.reconnected')).toHaveLength(1), within);
    expect(connection.isClosed()).toBe(false);
    await connection.flush();
    await nats.reload(usual);
  });

  describe('with too few permissions', () => {
    const variables = () => ({ NATS_URL: nats.address, NATS_USER: 'in@gress', NATS_PASSWORD: 'p:w,1' });
    const only = (publish: string, subscribe = '">"') =>
      nats.reload(
        users('p:w,1', key.getPublicKey(), `, permissions: { publish: [${publish}], subscribe: [${subscribe}] }`),
      );
    afterAll(() => nats.reload(usual));

    it('an ingress cannot create its streams, and the subject is named', async () => {
      await only('"$JS.API.STREAM.CREATE.MARKETING_EVENTS"');
      const { manager } = await connectAs(variables());
      await expect(provisionNats({ manager }, streamSettings)).rejects.toMatchObject({
        name: 'StartError',
        message:
          'NATS denied this user permission to publish to "$JS.API.STREAM.CREATE.MARKETING_RETRY". Grant it; deploy/nats has the permissions for each role.',
      });
    });

    it('a subject that is refused later is logged, once', async () => {
      await only('"marketing.dlq.>"');
      const { connection } = await connectAs(variables());
      for (let time = 0; time < 3; time++) connection.publish('$JS.ACK.MARKETING_EVENTS.x.1.1.1.1.0', '+ACK');
      await connection.flush();
      await vi.waitFor(() => expect(events('nats.permission_missing')).toHaveLength(1), within);
      expect(events('nats.permission_missing')[0]).toMatchObject({
        level: 'error',
        operation: 'publish',
        subject: '$JS.ACK.MARKETING_EVENTS.x.1.1.1.1.0',
      });
    });

    it.each([
      ['publish to "marketing.events.user.signed_up"', '"x"', '"_INBOX_cli.>"'],
      ['subscribe to "_INBOX_cli.>"', '"marketing.events.>"', '"_INBOX.>"'],
    ])('a command says that it may not %s', async (what, publish, subscribe) => {
      await only(publish, subscribe);
      const { code, err } = await rivulet(['publish', 'user.signed_up', '--user', 'u_1'], variables());
      expect(code).toBe(1);
      expect(err).toMatch(/^NATS denied this user permission to [^\n]+\n$/);
      expect(err).toContain(what);
    });
  });
});

function rivulet(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [compiledCli, ...args], { env: { ...process.env, ...env } }, (error, _out, err) =>
      resolve({ code: error ? Number(error.code) : 0, err }),
    );
  });
}

describe('creds files', () => {
  const [operator, account, system, user] = [createOperator(), createAccount(), createAccount(), createUser()];
  let NATS_CREDS: string;
  const credsOf = async (exp?: number) =>
    fmtCreds(await encodeUser('ingress', user, account, {}, exp === undefined ? {} : { exp }), user);
  const seconds = () => Math.floor(Date.now() / 1_000);

  beforeAll(async () => {
    const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
    const limits = { ...jetStream, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, subs: -1 };
    const accounts = [
      [account.getPublicKey(), await encodeAccount('rivulet', account, { limits }, { signer: operator })],
      [system.getPublicKey(), await encodeAccount('system', system, {}, { signer: operator })],
    ];
    const trusted = await encodeOperator('operator', operator, { system_account: system.getPublicKey() });
    nats = await startConfiguredNats(
      () => `operator: ${trusted}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${accounts.map((pair) => pair.join(': ')).join('\n')} }`,
    );
    NATS_CREDS = join(nats.dir, 'ingress.creds');
  }, 60_000);
  afterAll(() => nats.stop());

  it('are let in, as a file and as content', async () => {
    writeFileSync(NATS_CREDS, await credsOf());
    for (const creds of [NATS_CREDS, new TextDecoder().decode(await credsOf())]) {
      const { manager } = await connectAs({ NATS_URL: nats.address, NATS_CREDS: creds });
      await provisionNats({ manager }, streamSettings);
    }
  });

  it('that have expired are refused, with the day', async () => {
    writeFileSync(NATS_CREDS, await credsOf(Date.UTC(2024, 4, 6) / 1_000));
    expect(await refusal({ NATS_URL: nats.address, NATS_CREDS })).toBe(
      `NATS at ${nats.address} refused these credentials. The JWT in NATS_CREDS expired on 2024-05-06. Generate a new one.`,
    );
  });

  it('of another account are refused', async () => {
    const stranger = new TextDecoder().decode(fmtCreds(await encodeUser('x', user, createAccount()), user));
    expect(await refusal({ NATS_URL: nats.address, NATS_CREDS: stranger })).toBe(
      `NATS at ${nats.address} refused these credentials. Correct NATS_CREDS.`,
    );
  });

  it('that expire while a process runs are renewed without a restart', async () => {
    writeFileSync(NATS_CREDS, await credsOf(seconds() + 2));
    const { connection } = await connectAs({ NATS_URL: nats.address, NATS_CREDS });
    await vi.waitFor(() => expect(events('nats.unavailable')).toHaveLength(1), within);
    expect(events('nats.unavailable')[0]?.reason).toMatch(
      /refused these credentials\. The JWT in NATS_CREDS expired on/,
    );
    writeFileSync(NATS_CREDS, await credsOf());
    await vi.waitFor(() => expect(events('nats.reconnected')).not.toHaveLength(0), within);
    await vi.waitFor(() => connection.flush(), within);
  });
});

describe('JetStream in a domain', () => {
  beforeAll(async () => {
    nats = await startConfiguredNats(() => '', ', domain: hub');
  }, 60_000);
  afterAll(() => nats.stop());

  it.each<NatsVariables>([{ NATS_JS_DOMAIN: 'hub' }, { NATS_JS_PREFIX: '$JS.hub.API' }])(
    'is reached: %o',
    async (where) => {
      const { js, manager } = await connectAs({ NATS_URL: nats.address, ...where });
      await provisionNats({ manager }, streamSettings);
      expect(await js.publish('marketing.events', 'x')).toMatchObject({ stream: 'MARKETING_EVENTS', domain: 'hub' });
      await (await js.consumers.get('MARKETING_EVENTS', 'ingress-unsorted')).info();
    },
  );

  it('is not reached in another one', async () => {
    const { manager } = await connectAs({ NATS_URL: nats.address, NATS_JS_DOMAIN: 'leaf' });
    await expect(manager.streams.info('MARKETING_EVENTS')).rejects.toThrow();
  });
});
