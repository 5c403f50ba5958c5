import { GetAccountCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { findServers } from '../local/servers/find.ts';

let natsServer: string;
let dir: string;
let started: ChildProcess[];

beforeAll(async () => {
  natsServer = (await findServers()).nats;
}, 120_000);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ses-main-'));
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((child) => stop(child, 'SIGKILL')));
  rmSync(dir, { recursive: true, force: true });
});

function run(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.resume();
  started.push(child);
  return child;
}

async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

const main = (env: Record<string, string> = {}) =>
  run(process.execPath, ['--import', 'tsx', 'local/ses/main.ts'], { HTTP_PORT: '0', NATS_URL: '', ...env });

async function urlOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error(`ended with ${child.exitCode} before it listened`);
}

const client = (endpoint: string) =>
  new SESv2Client({
    endpoint,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

const welcome = new SendEmailCommand({
  FromEmailAddress: 'hello@example.com',
  Destination: { ToAddresses: ['ada@example.com'] },
  ConfigurationSetName: 'rivulet',
  Content: { Simple: { Subject: { Data: 'Welcome' }, Body: { Text: { Data: 'Hi' } } } },
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('says where it listens, and stops cleanly on a signal', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = main();
    const url = await urlOf(child);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await stop(child, signal)).toBe(0);
  }
});

test('reads its limits from the environment, and keeps the inbox over a restart', async () => {
  const env = { SES_DATA_DIR: dir, SES_MAX_SEND_RATE: '77', SES_MAX_24_HOUR_SEND: '-1', SES_LATENCY_MS: '1' };
  const first = main(env);
  const before = client(await urlOf(first));
  expect((await before.send(new GetAccountCommand({}))).SendQuota).toMatchObject({
    MaxSendRate: 77,
    Max24HourSend: -1,
  });
  const { MessageId } = await before.send(welcome);
  before.destroy();
  await stop(first, 'SIGKILL');

  const url = await urlOf(main(env));
  expect(await (await fetch(`${url}/api/mails`)).json()).toMatchObject([{ id: MessageId }]);
});

test('names what is wrong with its environment, all at once, and does not start', async () => {
  const child = main({ HTTP_PORT: 'http', SES_LATENCY_JITTER: '7' });
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  await once(child, 'close');
  expect(child.exitCode).toBe(1);
  expect(complaint).toMatch(/HTTP_PORT[^]*SES_LATENCY_JITTER|SES_LATENCY_JITTER[^]*HTTP_PORT/);
});

test('events reach JetStream once each, however late it comes and whenever it dies', async () => {
  const port = await freePort();
  const nats = () => run(natsServer, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', dir]);
  const ses = client(await urlOf(main({ NATS_URL: `nats://127.0.0.1:${port}`, SES_FEEDBACK_DELAY_MS: '0' })));

  // No NATS yet.
  const ids = [(await ses.send(welcome)).MessageId];
  const first = nats();
  const connection = await vi.waitFor(() => connect({ port, maxReconnectAttempts: -1 }), { timeout: 10_000 });
  try {
    const manager = await vi.waitFor(() => jetstreamManager(connection), { timeout: 10_000 });
    // NATS, but no stream yet.
    ids.push((await ses.send(welcome)).MessageId);
    await manager.streams.add({ name: 'FEEDBACK', subjects: ['marketing.feedback.>'] });
    const stored = async () => (await manager.streams.info('FEEDBACK')).state.messages;
    await vi.waitFor(async () => expect(await stored()).toBe(4), { timeout: 20_000 });

    await stop(first, 'SIGKILL');
    ids.push((await ses.send(welcome)).MessageId);
    nats();
    await vi.waitFor(async () => expect(await stored()).toBe(6), { timeout: 20_000 });

    const events = [];
    for (let seq = 1; seq <= 6; seq++) {
      const message = await manager.streams.getMessage('FEEDBACK', { seq });
      expect(message?.header.get('Nats-Msg-Id')).toMatch(/^ses:[0-9a-f]{40}$/);
      const told = message?.json<{ eventType: string; mail: { messageId: string } }>();
      expect(message?.subject).toBe(`marketing.feedback.ses.${told?.eventType.toLowerCase()}`);
      events.push(told);
    }
    expect(events.map((event) => event?.eventType).toSorted()).toEqual([
      ...Array(3).fill('Delivery'),
      ...Array(3).fill('Send'),
    ]);
    expect(new Set(events.map((event) => event?.mail.messageId))).toEqual(new Set(ids));
  } finally {
    await connection.close();
    ses.destroy();
  }
}, 60_000);
