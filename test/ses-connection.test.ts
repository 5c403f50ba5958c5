import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Mailer } from '../activities/mailers/mailer.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { selfSigned } from '../local/certificate.ts';
import { failureOf, gate, noCheck, openSockets, toAda } from './support/providers.ts';

const cleanUp: (() => unknown)[] = [];
beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterEach(async () => {
  for (const end of cleanUp.splice(0)) await end();
  vi.unstubAllEnvs();
  await vi.waitFor(() => expect(openSockets()).toBe(0), { interval: 5 });
});

/** Listens on loopback, and ends with the test. */
async function listening(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const overHttp = async (answer: RequestListener) => `http://127.0.0.1:${await listening(createHttpServer(answer))}`;

function mailerOf(url: string, { requestTimeoutMs = 5_000, concurrency = 10 } = {}): Mailer {
  vi.stubEnv('AWS_ENDPOINT_URL_SESV2', url);
  const mailer = createSesMailer({ configurationSet: 'rivulet', requestTimeoutMs, concurrency, readingTurn: noCheck });
  cleanUp.unshift(() => mailer.close());
  return mailer;
}

const accept: RequestListener = (_, response) => response.end('{"MessageId":"ses-1"}');
const unavailable = { kind: 'unavailable' };
const gateOfAccount = (reason: string) => ({ kind: 'halted', halt: { scope: 'account', reason, opens: 'probe' } });

describe('an answer that stops after its headers', () => {
  it('ends a send as soon as its time is over, and gives back the connection', async () => {
    let asked = 0;
    const url = await overHttp((request, response) => {
      asked += 1;
      if (asked > 80) return accept(request, response);
      response.writeHead(500, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"mess');
    });
    const mailer = mailerOf(url, { requestTimeoutMs: 500, concurrency: 20 });
    const lost = await Promise.all(Array.from({ length: 20 }, () => failureOf(mailer.send(toAda, noCheck))));
    for (let round = 0; round < 3; round += 1) {
      lost.push(...(await Promise.all(Array.from({ length: 20 }, () => failureOf(mailer.send(toAda, noCheck))))));
    }
    expect(lost.map(({ failure }) => failure.kind)).toEqual(Array(80).fill('ambiguous'));
    const later = await Promise.all(Array.from({ length: 30 }, () => mailer.send(toAda, noCheck)));
    expect(later).toEqual(Array(30).fill('ses-1'));
    expect(asked).toBe(110);
  });

  it('after 200 the email is accepted, under an id that is not known', async () => {
    const url = await overHttp((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{'));
    const error = await failureOf(mailerOf(url, { requestTimeoutMs: 300 }).send(toAda, noCheck));
    expect(error.failure).toEqual({ kind: 'accepted_id_unknown' });
  });

  it('ends a reading call too', async () => {
    const url = await overHttp((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{'));
    const mailer = mailerOf(url, { requestTimeoutMs: 300 });
    await expect(mailer.readAccount()).rejects.toThrow('UnknownAnswer (200)');
  });
});

describe('a connection on which nothing could be read', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['is reset at once', (socket) => socket.resetAndDestroy()],
    ['is reset in the middle of the handshake', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['is closed in the middle of the handshake', (socket) => socket.once('data', () => socket.end())],
    ['never answers the handshake', (socket) => socket.resume()],
  ])('%s: the email did not leave and waits', async (_, handle) => {
    let connections = 0;
    const port = await listening(
      createTcpServer((socket) => {
        connections += 1;
        handle(socket);
      }),
    );
    const mailer = mailerOf(`https://127.0.0.1:${port}`, { requestTimeoutMs: 300 });
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toEqual(unavailable);
    expect(connections).toBe(1);
  });

  it('a name that does not resolve, and a port that is closed', async () => {
    for (const url of ['https://ses.invalid', 'http://ses.invalid', 'https://127.0.0.1:1', 'http://127.0.0.1:1']) {
      expect((await failureOf(mailerOf(url).send(toAda, noCheck))).failure).toEqual(unavailable);
    }
  });

  it('a certificate that is not trusted closes the gate of the account, and a probe sees when that is over', async () => {
    const { privateKey, pem } = selfSigned();
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    let requests = 0;
    const server = createTlsServer({ key, cert: pem }, (socket) => socket.on('data', () => (requests += 1)));
    server.on('tlsClientError', () => undefined);
    const mailer = mailerOf(`https://127.0.0.1:${await listening(server)}`);
    const { failure } = await failureOf(mailer.send(toAda, noCheck));
    expect(failure).toMatchObject(gateOfAccount('DEPTH_ZERO_SELF_SIGNED_CERT'));
    await expect(mailer.isOver(gate('account'))).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(requests).toBe(0);
  });

  it('HTTPS to a port that speaks HTTP closes it as well', async () => {
    let asked = 0;
    const url = await overHttp(() => (asked += 1));
    const { failure } = await failureOf(mailerOf(url.replace('http:', 'https:')).send(toAda, noCheck));
    expect(failure).toMatchObject(
      gateOfAccount(expect.stringMatching(/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/) as string),
    );
    expect(asked).toBe(0);
  });

  it('credentials that do not come in time: nothing is sent, not even later', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rivulet-credentials-'));
    cleanUp.push(() => rmSync(folder, { recursive: true }));
    const [script, config] = [join(folder, 'slow'), join(folder, 'config')];
    const credentials = '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b"}';
    writeFileSync(script, `#!/bin/sh\nsleep 1\necho '${credentials}'\n`);
    chmodSync(script, 0o755);
    writeFileSync(config, `[default]\ncredential_process = ${script}\n`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', config);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', config);
    let asked = 0;
    let checked = 0;
    const url = await overHttp((request, response) => {
      asked += 1;
      accept(request, response);
    });
    const mailer = mailerOf(url, { requestTimeoutMs: 200 });
    const check = async () => void (checked += 1);
    expect((await failureOf(mailer.send(toAda, check))).failure).toEqual(unavailable);
    // Another send meanwhile; it waits for the same credentials, has them in time, and is the only one.
    await vi.waitFor(async () => expect(await mailer.send(toAda, check)).toBe('ses-1'), { timeout: 10_000 });
    expect([asked, checked]).toEqual([1, 1]);
  });
});

describe('another try within one send', () => {
  const skewed = { date: new Date(Date.now() - 600_000).toUTCString() };
  const answering = async (status: number, name: string) => {
    const asked: (string | undefined)[] = [];
    const url = await overHttp((request, response) => {
      asked.push(request.headers['x-amz-date'] as string | undefined);
      response.writeHead(status, { ...skewed, 'x-amzn-errortype': name });
      response.end('{"message":"no"}');
    });
    return { asked, mailer: mailerOf(url) };
  };

  it('is not made after a 500, whatever its clock says: that one may have been sent', async () => {
    const { asked, mailer } = await answering(500, 'InternalFailure');
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toEqual({ kind: 'ambiguous' });
    expect(asked).toHaveLength(1);
  });

  it('is made once after a 403, by the clock of SES', async () => {
    const { asked, mailer } = await answering(403, 'RequestExpired');
    expect((await failureOf(mailer.send(toAda, noCheck))).failure).toMatchObject({ kind: 'halted' });
    expect(asked).toHaveLength(2);
    expect(asked[1]).not.toBe(asked[0]);
  });
});

it('a connection that is not used is closed by us, before the other side does it under a request', async () => {
  let closed = 0;
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, accept);
  server.on('connection', (socket) => socket.once('end', () => (closed += 1)));
  const mailer = mailerOf(`http://127.0.0.1:${await listening(server)}`);
  await mailer.send(toAda, noCheck);
  await mailer.send(toAda, noCheck);
  await vi.waitFor(() => expect(closed).toBe(1), { timeout: 20_000, interval: 50 });
  expect(await mailer.send(toAda, noCheck)).toBe('ses-1');
});
