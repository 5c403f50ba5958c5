import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';

import { connectTemporal } from '../runtime/temporal.ts';
import { temporalConnectOptions } from '../runtime/temporal-options.ts';
import { whyTlsFails } from '../runtime/why-refused.ts';
import { connectWorker } from '../worker/temporal-connection.ts';
import { type Authority, type Certificate, createAuthority } from './support/certificates.ts';
import { startTlsProxy, type TlsProxy } from './support/tls-proxy.ts';

const namespace = 'rivulet';
const folder = mkdtempSync(join(tmpdir(), 'rivulet-temporal-tls-'));
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let authority: Authority;
let stranger: Authority;
let server: Certificate;
let client: Certificate;
let expired: Certificate;
let proxy: TlsProxy;

/** Of a server for which clients need a certificate. */
const context = (shown: Certificate) => ({ cert: shown.pem.cert, key: shown.pem.key, ca: authority.pem });

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority('Another CA')]);
  [server, client, expired] = await Promise.all([
    authority.issue({ name: 'temporal', hosts: ['127.0.0.1', 'localhost'] }),
    authority.issue({ name: 'rivulet' }),
    authority.issue({ name: 'rivulet', expires: Date.now() - 60_000 }),
  ]);
  const target = inject('servers').temporal;
  proxy = await startTlsProxy({ target, context: context(server), clientCertificates: true });
});
afterAll(async () => {
  await proxy?.close();
  for (const one of [authority, stranger]) one?.remove();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.clearAllMocks();
});

function use(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

const trusting = () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca });
const showing = ({ certificate, key }: Pick<Certificate, 'certificate' | 'key'>) => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: certificate,
  TEMPORAL_TLS_CLIENT_KEY_PATH: key,
});

async function refusal(address = proxy.address): Promise<string> {
  const settled = await connectTemporal({ address, namespace }, log).catch((error: unknown) => error as Error);
  if (settled instanceof Error) return `${settled.name}: ${settled.message}`;
  await settled.connection.close();
  return 'connected';
}

describe('mutual TLS', () => {
  it('connects with a certificate of the CA that the server trusts', async () => {
    use({ ...trusting(), ...showing(client) });
    const connected = await connectTemporal({ address: proxy.address, namespace }, log);
    expect((await connected.workflowService.describeNamespace({ namespace })).namespaceInfo?.name).toBe(namespace);
    await connected.connection.close();
    expect(proxy.clients).toContain('rivulet');
  });

  it('takes the certificates themselves in place of their paths', async () => {
    use({
      TEMPORAL_TLS_SERVER_CA_CERT_DATA: authority.pem,
      TEMPORAL_TLS_CLIENT_CERT_DATA: client.pem.cert,
      TEMPORAL_TLS_CLIENT_KEY_DATA: client.pem.key,
    });
    expect(await refusal()).toBe('connected');
  });
});

describe('a connection that can never work ends the process at its start, with the reason', () => {
  it('as one line', async () => {
    use(trusting());
    expect(await refusal()).toBe(
      `StartError: Temporal at ${proxy.address} cannot be used: it requires a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.`,
    );
  });

  it.each<[string, () => Promise<Record<string, string>> | Record<string, string>, string]>([
    [
      'a client certificate of another CA',
      async () => ({ ...trusting(), ...showing(await stranger.issue({ name: 'rivulet' })) }),
      'it closed the connection after the handshake: it probably refuses the client certificate',
    ],
    [
      'a CA that has not signed the certificate of the server',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: stranger.ca, ...showing(client) }),
      'its certificate is not signed by a trusted CA: set TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    ],
    [
      'the certificate of another host',
      () => ({ ...trusting(), ...showing(client), TEMPORAL_TLS_SERVER_NAME: 'temporal.example.com' }),
      'its certificate is for another host name: correct TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME',
    ],
    ['no TLS where the server wants it', () => ({}), 'it requires TLS: set TEMPORAL_TLS=true'],
  ])('%s', async (_, variables, reason) => {
    const options = temporalConnectOptions({ address: proxy.address }, await variables());
    expect(await whyTlsFails(options)).toBe(reason);
  });

  it('a certificate of the server that has expired', async () => {
    const old = await authority.issue({ name: 'temporal', hosts: ['127.0.0.1'], expires: Date.now() - 60_000 });
    const another = await startTlsProxy({ target: inject('servers').temporal, context: context(old) });
    const options = temporalConnectOptions({ address: another.address }, trusting());
    expect(await whyTlsFails(options)).toBe('its certificate has expired');
    await another.close();
  });

  it('TLS where the server has none', async () => {
    const options = temporalConnectOptions({ address: inject('servers').temporal }, { TEMPORAL_TLS: 'true' });
    expect(await whyTlsFails(options)).toBe(
      'it does not use TLS: unset every variable that starts with TEMPORAL_TLS, and TEMPORAL_API_KEY',
    );
  });

  it('none of them where nobody answers, or all is well', async () => {
    const nobody = temporalConnectOptions({ address: '127.0.0.1:1' }, { TEMPORAL_TLS: 'true' });
    expect(await whyTlsFails(nobody)).toBeUndefined();
    expect(await whyTlsFails({ ...nobody, tls: false })).toBeUndefined();
    const right = temporalConnectOptions({ address: proxy.address }, { ...trusting(), ...showing(client) });
    expect(await whyTlsFails(right)).toBeUndefined();
  });
});

describe('files that cannot be used', () => {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it.each<[string, () => Record<string, string>, string]>([
    [
      'a path that leads nowhere',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }),
      'environment TEMPORAL_TLS_SERVER_CA_CERT_PATH: /nowhere/ca.pem: no such file',
    ],
    [
      'a CA that is half written',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('half.pem', authority.pem.slice(0, 200)) }),
      'environment TEMPORAL_TLS_SERVER_CA_CERT_PATH: is not a certificate in PEM',
    ],
    [
      'a certificate without its key',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: client.certificate }),
      'environment TEMPORAL_TLS_CLIENT_CERT_PATH: needs the key of the certificate: set TEMPORAL_TLS_CLIENT_KEY_PATH',
    ],
    [
      'a key without its certificate',
      () => ({ TEMPORAL_TLS_CLIENT_KEY_PATH: client.key }),
      'environment TEMPORAL_TLS_CLIENT_KEY_PATH: needs the certificate of the key: set TEMPORAL_TLS_CLIENT_CERT_PATH',
    ],
    [
      'the key of another certificate',
      () => showing({ certificate: client.certificate, key: server.key }),
      'environment TEMPORAL_TLS_CLIENT_KEY_PATH: is not the key of TEMPORAL_TLS_CLIENT_CERT_PATH',
    ],
    [
      'something else as a key',
      () => showing({ certificate: client.certificate, key: client.certificate }),
      'environment TEMPORAL_TLS_CLIENT_KEY_PATH: is not a private key in PEM, without a passphrase',
    ],
    [
      'a client certificate that has expired',
      () => showing(expired),
      'environment TEMPORAL_TLS_CLIENT_CERT_PATH: expired on',
    ],
    [
      'a path and the data',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: client.certificate, TEMPORAL_TLS_CLIENT_CERT_DATA: 'x' }),
      'environment TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_CERT_DATA are both set. Set one of them',
    ],
    [
      'an API key twice',
      () => ({ TEMPORAL_API_KEY: 'tmprl_secret', TEMPORAL_API_KEY_FILE: file('key', 'tmprl_other') }),
      'environment TEMPORAL_API_KEY_FILE and TEMPORAL_API_KEY are both set. Set one of them',
    ],
    [
      'a file that holds no API key',
      () => ({ TEMPORAL_API_KEY_FILE: file('lines', 'tmprl_secret\nand more') }),
      `environment TEMPORAL_API_KEY_FILE: ${folder}/lines holds no API key: one line of visible characters`,
    ],
  ])('%s', (_, variables, message) => {
    const env = variables();
    expect(() => temporalConnectOptions({ address: 'temporal.example.com:7233' }, env)).toThrow(message);
    expect(() => temporalConnectOptions({ address: 'temporal.example.com:7233' }, env)).not.toThrow(/tmprl_|BEGIN/);
  });

  it('an API key of a file means TLS, as one of the variable does', () => {
    const env = { TEMPORAL_API_KEY_FILE: file('good', 'tmprl_key\n') };
    expect(temporalConnectOptions({ address: 'a:7233' }, env)).toMatchObject({ apiKey: 'tmprl_key', tls: true });
  });
});

describe('credentials that change while a process runs', () => {
  /** The files that the process reads, which a rotation replaces. */
  const mounted = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const mount = (next: Certificate) => {
    copyFileSync(next.certificate, mounted.certificate);
    copyFileSync(next.key, mounted.key);
  };

  it('a client goes on with a renewed certificate, and keeps the old one while the files are half written', async () => {
    mount(client);
    use({ ...trusting(), ...showing(mounted) });
    const connected = await connectTemporal({ address: proxy.address, namespace }, log, 20);
    const answers = () => connected.workflowService.describeNamespace({ namespace });
    writeFileSync(mounted.certificate, client.pem.cert.slice(0, 100));
    await vi.waitFor(() =>
      expect(log.warn).toHaveBeenCalledWith(expect.anything(), 'temporal.credentials_not_renewed'),
    );
    await answers();
    mount(await authority.issue({ name: 'renewed' }));
    await vi.waitFor(() => expect(log.info).toHaveBeenCalledWith('temporal.credentials_renewed'), 5_000);
    await answers();
    expect(proxy.clients.at(-1)).toBe('renewed');
    proxy.drop();
    await vi.waitFor(answers, 10_000);
    expect(proxy.clients.at(-1)).toBe('renewed');
    await connected.connection.close();
  });

  it('a worker connects with what is on disk at that moment', async () => {
    use({ ...trusting(), ...showing(mounted) });
    mount(await authority.issue({ name: 'worker renewed' }));
    await (await connectWorker({ address: proxy.address, namespace })).close();
    expect(proxy.clients.at(-1)).toBe('worker renewed');
  });
});
