import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { connectClient, RefusedError } from '../client/index.ts';
import { provisionNats } from '../ingress/nats.ts';
import type { JetStream } from '../runtime/nats-connection.ts';
import { findServers } from '../local/servers/find.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { streamSettings } from './support/own-nats.ts';

const order = (event_id: string) => ({
  event_id,
  user_id: 'u_42',
  payload: { order_id: 'o_7', total: 12.5, currency: 'EUR' },
});

let url: (user: string) => string;
let stream: JetStream;
let stop: () => Promise<void>;

// A shop may publish orders and get answers, and nothing else: it may not read what others have published.
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rivulet-nats-'));
  const { nats: binary } = await findServers({ root: fileURLToPath(new URL('..', import.meta.url)) });
  const { port } = await choosePorts({ port: undefined }, 'free');
  writeFileSync(
    join(dir, 'nats.conf'),
    `listen: "127.0.0.1:${port}"
max_payload: 2KB
jetstream { store_dir: ${JSON.stringify(dir)} }
authorization {
  users = [
    { user: admin, password: secret }
    { user: shop, password: secret, permissions: { publish: ["marketing.events.order.completed"], subscribe: ["_INBOX.>"] } }
  ]
}`,
  );
  const server = spawn(binary, ['--config', join(dir, 'nats.conf')], { stdio: 'ignore' });
  url = (user) => `nats://${user}:secret@127.0.0.1:${port}`;
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    user: 'admin',
    pass: 'secret',
    waitOnFirstConnect: true,
    reconnectTimeWait: 50,
  });
  stream = { connection, js: jetstream(connection), manager: await jetstreamManager(connection, { checkAPI: false }) };
  await provisionNats(stream, streamSettings);
  stop = async () => {
    await stream.connection.close();
    const ended = once(server, 'exit');
    server.kill();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
}, 60_000);
afterAll(() => stop());

const stored = async () => (await stream.manager.streams.info('MARKETING_EVENTS')).state.messages;

it('a producer publishes with no other right than that, and its event is not swallowed by an id that it may not read', async () => {
  const client = await connectClient({ nats: url('shop') });
  expect(await client.publish('order.completed', order('shop-order-1'))).toMatchObject({ duplicate: false });
  await stream.js.publish('marketing.events.trial.started', 'junk', { msgID: 'shop-order-2' });
  expect(await client.publish('order.completed', order('shop-order-2'))).toMatchObject({ duplicate: false });
  expect(await stored()).toBe(3);
  await client.close();
});

it('an event that a producer may not publish is refused at once, with the subject', async () => {
  const client = await connectClient({ nats: url('shop') });
  const before = await stored();
  const refused = client.publish('user.returned', { event_id: 'shop-1', user_id: 'u_42', payload: {} });
  await expect(refused).rejects.toThrow(RefusedError);
  await expect(refused).rejects.toThrow('this NATS user lacks permission: publish marketing.events.user.returned');
  expect(await stored()).toBe(before);
  await client.close();
});

it('an event that is too large for this NATS is refused at once', async () => {
  const client = await connectClient({ nats: url('shop') });
  const refused = client.publish('order.completed', {
    ...order('shop-order-4'),
    metadata: { note: 'x'.repeat(3_000) },
  });
  await expect(refused).rejects.toThrow(RefusedError);
  await expect(refused).rejects.toThrow(/max_payload/);
  await client.close();
});

it('wrong credentials are refused at once', async () => {
  const refused = connectClient({ nats: url('nobody') });
  await expect(refused).rejects.toThrow(RefusedError);
  await expect(refused).rejects.toThrow('Could not connect to NATS: NATS rejected the credentials');
});

it('a limit of the stream is reported in the words of NATS', async () => {
  const { config } = await stream.manager.streams.info('MARKETING_EVENTS');
  await stream.manager.streams.update('MARKETING_EVENTS', { ...config, max_msg_size: 50 });
  const client = await connectClient({ nats: url('shop') });
  await expect(client.publish('order.completed', order('shop-order-3'))).rejects.toThrow(
    /Could not publish order\.completed shop-order-3: .*message size exceeds maximum/,
  );
  await client.close();
});
