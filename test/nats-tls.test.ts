import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { connectClient } from '../client/index.ts';
import type { NatsVariables } from '../config/nats-access.ts';
import { selfSigned } from '../local/certificate.ts';
import { natsAccess, openNats } from '../runtime/nats-connection.ts';
import { type ConfiguredNats, startConfiguredNats } from './support/configured-nats.ts';
import { natsConnections, within } from './support/nats-connections.ts';

let nats: ConfiguredNats;
const { connectAs, refusal, events } = natsConnections();

const pem = ({ pem: cert, privateKey }: ReturnType<typeof selfSigned>) => ({
  cert,
  key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
// Signed by itself, each is its own CA.
const server = pem(selfSigned({ host: 'localhost' }));
const expiredServer = pem(selfSigned({ host: 'localhost', to: new Date('2021-02-03') }));
const otherServer = pem(selfSigned({ host: 'elsewhere' }));
const [client, stranger] = [pem(selfSigned()), pem(selfSigned())];
let url: string;
let file: (name: string, content: string) => string;

const tls = (more = '') => `tls { cert_file: "${nats?.dir}/server.pem", key_file: "${nats?.dir}/server.key"${more} }`;
const verify = () => tls(`, ca_file: "${nats.dir}/clients.pem", verify: true`);
const serve = ({ cert, key }: typeof server) => {
  file('server.pem', cert);
  file('server.key', key);
};

beforeAll(async () => {
  nats = await startConfiguredNats(() => '');
  url = `localhost:${nats.port}`;
  file = (name, content) => {
    writeFileSync(join(nats.dir, name), content);
    return join(nats.dir, name);
  };
  serve(server);
}, 60_000);
afterAll(() => nats.stop());

it('TLS that is asked for and not there is refused, before a password is sent', async () => {
  const said = await refusal({ NATS_URL: `tls://a:b@${url}` });
  expect(said).toBe(
    `NATS at ${url} offers no TLS, but tls://, NATS_CA or NATS_CERT requires it. Enable TLS on the server.`,
  );
  await expect(connectClient({ nats: `tls://${url}`, timeoutMs: 300 })).rejects.toThrow(/does not support 'tls'/);
});

it('TLS is used with the CA, as a file and as content', async () => {
  await nats.reload(tls());
  for (const NATS_CA of [file('ca.pem', server.cert), server.cert]) {
    await connectAs({ NATS_URL: `tls://${url}`, NATS_CA });
  }
});

it.each<[string, NatsVariables, string]>([
  ['none', {}, 'is not signed by a CA that Node trusts'],
  ['another', { NATS_CA: stranger.cert }, 'is not signed by the CA in NATS_CA'],
])('a server with %s as its CA is refused', async (_, variables, said) => {
  expect(await refusal({ NATS_URL: url, ...variables })).toBe(
    `The certificate of NATS at ${url} ${said} (DEPTH_ZERO_SELF_SIGNED_CERT). Set NATS_CA to the CA that signed it.`,
  );
});

it('a certificate for another host name is refused', async () => {
  serve(otherServer);
  await nats.reload(tls());
  expect(await refusal({ NATS_URL: url, NATS_CA: otherServer.cert })).toBe(
    `The certificate of NATS at ${url} is for another host name. Use a name from the certificate in NATS_URL.`,
  );
});

it('an expired certificate of the server is waited for: it may be renewed', async () => {
  serve(expiredServer);
  await nats.reload(tls());
  const variables = { NATS_URL: url, NATS_CA: `${expiredServer.cert}${server.cert}` };
  await expect(openNats(natsAccess(variables), 'test')).rejects.toMatchObject({
    name: 'Error',
    message: `The certificate of NATS at ${url} has expired. Renew it on the server.`,
  });
  const connected = connectAs(variables);
  await vi.waitFor(() => expect(events('dependency.unavailable')).toHaveLength(1), within);
  serve(server);
  await nats.reload(tls());
  await connected;
});

describe('a server that asks for certificates', () => {
  beforeAll(async () => {
    file('clients.pem', client.cert);
    await nats.reload(verify());
  });

  it('lets those in that it knows', async () => {
    const variables = { NATS_URL: url, NATS_CA: server.cert };
    await connectAs({ ...variables, NATS_CERT: client.cert, NATS_KEY: client.key });
    await connectAs({ ...variables, NATS_CERT: file('c.pem', client.cert), NATS_KEY: file('c.key', client.key) });
  });

  it.each<[string, NatsVariables, string]>([
    ['none', {}, 'this client, which has no certificate (certificate required)'],
    ['another', { NATS_CERT: stranger.cert, NATS_KEY: stranger.key }, 'the certificate in NATS_CERT (unknown ca)'],
  ])('refuses %s in one line', async (_, variables, said) => {
    expect(await refusal({ NATS_URL: url, NATS_CA: server.cert, ...variables })).toBe(
      `NATS at ${url} refused ${said}. Set NATS_CERT and NATS_KEY to a valid pair.`,
    );
  });

  it('takes up a certificate that expired while a process ran and was renewed', async () => {
    const until = Date.now() + 3_000;
    const short = pem(selfSigned({ to: new Date(until) }));
    file('clients.pem', `${short.cert}${client.cert}`);
    await nats.reload(verify());
    const NATS_CERT = file('c.pem', short.cert);
    const NATS_KEY = file('c.key', short.key);
    const { connection } = await connectAs({ NATS_URL: url, NATS_CA: server.cert, NATS_CERT, NATS_KEY });
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(until), within);
    await connection.reconnect();
    await vi.waitFor(() => expect(events('nats.unavailable')).toHaveLength(1), within);
    expect(events('nats.unavailable')[0]?.reason).toBe(
      `NATS at ${url} refused the certificate in NATS_CERT (certificate expired). Set NATS_CERT and NATS_KEY to a valid pair.`,
    );
    file('c.pem', client.cert);
    file('c.key', client.key);
    await vi.waitFor(() => expect(events('nats.reconnected')).not.toHaveLength(0), within);
    await vi.waitFor(() => connection.flush(), within);
  });
});

it('a server can tell users by their certificates alone', async () => {
  const mapping = await startConfiguredNats((dir) => {
    for (const [name, content] of Object.entries({ ...server, clients: client.cert }))
      writeFileSync(join(dir, name), content);
    return `tls { cert_file: "${dir}/cert", key_file: "${dir}/key", ca_file: "${dir}/clients", verify_and_map: true }
      authorization { users: [{ user: "CN=a test" }] }`;
  });
  await connectAs({
    NATS_URL: `localhost:${mapping.port}`,
    NATS_CA: server.cert,
    NATS_CERT: client.cert,
    NATS_KEY: client.key,
  });
  await mapping.stop();
});
