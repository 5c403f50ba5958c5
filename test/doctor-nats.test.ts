import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { lookAtNats } from '../cli/doctor-nats.ts';
import { environmentSchema } from '../config/environment.ts';
import type { NatsVariables } from '../config/nats-access.ts';
import { configSchema } from '../config/schema.ts';
import { provisionNats } from '../ingress/nats.ts';
import { selfSigned } from '../local/certificate.ts';
import { natsLogin } from '../local/servers/nats.ts';
import { startConfiguredNats } from './support/configured-nats.ts';
import { connectTo } from './support/connect-to.ts';
import { type StartedNats, startOwnNats, streamSettings } from './support/own-nats.ts';
import { secret } from './support/secrets.ts';

let nats: StartedNats;

beforeAll(async () => {
  nats = await startOwnNats();
  const stream = await connectTo(nats.url);
  await provisionNats(stream, streamSettings);
  await stream.connection.close();
}, 60_000);
afterAll(() => nats.stop());

const { marketing_events: queues } = configSchema.parse({}).queues;

/** What doctor says about the login and its permissions, as `level: what`. */
async function examine(variables: NatsVariables): Promise<string[]> {
  const environment = environmentSchema.parse({ ...variables, RIVULET_SECRET: secret });
  const findings = await lookAtNats(environment, queues);
  return findings.filter(({ about }) => about === 'NATS').map(({ level, says }) => `${level}: ${says}`);
}

it('says how an operator logs in, and what they may', async () => {
  const address = new URL(nats.url).host;
  expect(await examine(natsLogin('cli-operator', nats.url))).toEqual([
    `ok: answers at ${address}; logs in with NATS_USER and NATS_PASSWORD, without TLS`,
    'ok: this user may read, publish events and replay dead letters',
  ]);
  expect(await examine({ NATS_URL: nats.url })).toEqual([
    `ok: answers at ${address}; logs in without credentials, without TLS`,
    'ok: this user may read, publish events and replay dead letters',
  ]);
});

it('stores nothing, and says what a read-only user may not', async () => {
  const [, may] = await examine(natsLogin('cli-read-only', nats.url));
  expect(may).toMatch(/^ok: this user has read-only permissions: .* deploy\/nats\/cli-operator\.conf$/);
  const { connection, manager } = await connectTo(nats.url);
  for (const name of ['MARKETING_EVENTS', 'MARKETING_DLQ']) {
    expect((await manager.streams.info(name)).state.last_seq).toBe(0);
  }
  await connection.close();
});

it('names the permission that is missing to read, and credentials that are refused', async () => {
  expect(await examine(natsLogin('producer', nats.url))).toEqual([
    expect.stringMatching(/^wrong: NATS denied this user permission to subscribe to "_INBOX_cli\./),
  ]);
  expect(await examine({ NATS_URL: nats.url, NATS_TOKEN: 'wrong' })).toEqual([
    `wrong: NATS at ${new URL(nats.url).host} refused these credentials. Correct NATS_TOKEN.`,
  ]);
  expect(await examine({ NATS_URL: nats.url, NATS_CREDS: '/run/none.creds' })).toEqual([
    expect.stringContaining('environment NATS_CREDS (/run/none.creds): no such file'),
  ]);
});

it('warns of a server elsewhere that lets everyone in, and of a connection without TLS', async () => {
  const elsewhere = nats.url.replace('127.0.0.1', '0.0.0.0');
  expect(await examine(natsLogin('cli-operator', elsewhere))).toEqual([
    expect.stringMatching(/^ok: answers at 0\.0\.0\.0:\d+; logs in with NATS_USER/),
    expect.stringMatching(/^warning: 0\.0\.0\.0:\d+ requires no credentials: /),
    expect.stringMatching(/^warning: The connection to 0\.0\.0\.0:\d+ has no TLS: /),
    expect.stringMatching(/^ok: this user may read, publish/),
  ]);
});

it('says that TLS is used, and that a certificate expires soon', async () => {
  const pem = ({ pem, privateKey }: ReturnType<typeof selfSigned>) =>
    [pem, privateKey.export({ type: 'pkcs8', format: 'pem' })] as const;
  const [ca, serverKey] = pem(selfSigned({ host: 'localhost' }));
  const until = new Date(Date.now() + 13 * 86_400_000);
  const [cert, key] = pem(selfSigned({ to: until }));
  const secure = await startConfiguredNats((dir) => {
    for (const [name, content] of Object.entries({ ca, serverKey, cert })) writeFileSync(join(dir, name), content);
    return `tls { cert_file: "${dir}/ca", key_file: "${dir}/serverKey", ca_file: "${dir}/cert", verify: true }`;
  });
  const found = await examine({
    NATS_URL: `tls://localhost:${secure.port}`,
    NATS_CA: ca,
    NATS_CERT: cert,
    NATS_KEY: String(key),
  });
  await secure.stop();
  expect(found.slice(0, 2)).toEqual([
    `ok: answers at localhost:${secure.port}; logs in without credentials, over TLS`,
    `warning: the certificate in NATS_CERT expires on ${until.toISOString().slice(0, 10)}. Renew it before then.`,
  ]);
});
