import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readHeaderBlock } from '../ingress/header-block.ts';
import { orderCompleted, person } from './support/events.ts';
import { type IngressScene, ingressScene } from './support/ingress-scene.ts';
import { ownNats } from './support/own-nats.ts';
import { serversOfThisFile } from './support/scene.ts';

const nats = ownNats();
const servers = serversOfThisFile();

let scene: IngressScene;
beforeEach(() => nats.reset());
afterEach(() => scene.stop());

/** More than all ingresses together may hold unacknowledged. */
const count = 1_001;

type Place = 'name' | 'value';
const places: Place[] = ['name', 'value'];

/** A header block with this byte in a name or a value, as nobody's client would write it. */
function block(place: Place, byte: number): Buffer {
  const one = Buffer.from([byte]);
  const [name, value] =
    place === 'name'
      ? [Buffer.concat([Buffer.from('X-'), one, Buffer.from('y')]), Buffer.from('v')]
      : [Buffer.from('X-y'), Buffer.concat([Buffer.from('v'), one, Buffer.from('w')])];
  return Buffer.concat([Buffer.from('NATS/1.0\r\n'), name, Buffer.from(': '), value, Buffer.from('\r\n\r\n')]);
}

/** Publishes by raw TCP: a client would refuse to. */
async function publishRaw(messages: readonly { subject: string; headers: Buffer; body: Buffer }[]): Promise<void> {
  const { hostname, port } = new URL(nats.url);
  const socket: Socket = connect(Number(port), hostname);
  let said = '';
  socket.on('data', (bytes: Buffer) => (said += bytes.toString('latin1')));
  await once(socket, 'connect');
  socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n');
  for (const { subject, headers, body } of messages) {
    const sizes = `${headers.length} ${headers.length + body.length}`;
    socket.write(Buffer.concat([Buffer.from(`HPUB ${subject} ${sizes}\r\n`), headers, body, Buffer.from('\r\n')]));
  }
  socket.write('PING\r\n');
  await expect.poll(() => said, { timeout: 30_000 }).toContain('PONG');
  expect(said).not.toContain('-ERR');
  socket.destroy();
}

async function lettersIn(reason: string): Promise<number> {
  const info = await nats.stream.manager.streams.info('MARKETING_DLQ', { subjects_filter: `marketing.dlq.${reason}` });
  return info.state.subjects?.[`marketing.dlq.${reason}`] ?? 0;
}

describe.each(places)('every byte in the %s of a header, 1,001 messages of each', (place) => {
  it('with a good body: all are processed, and so is a good event behind them', async () => {
    const orders = Array.from({ length: count }, () => orderCompleted(person('ada')));
    const messages = orders.map((order, index) => ({
      subject: 'marketing.events.order.completed',
      headers: block(place, index % 256),
      body: Buffer.from(JSON.stringify(order)),
    }));
    const behind = orderCompleted(person('grace'));
    messages.push({
      subject: 'marketing.events.order.completed',
      headers: Buffer.from('NATS/1.0\r\n\r\n'),
      body: Buffer.from(JSON.stringify(behind)),
    });
    await publishRaw(messages);
    scene = ingressScene({ nats, servers, prefetch: 100 });
    const ids = [...orders, behind].map(({ event_id }) => event_id);
    await expect.poll(() => scene.started.length, { timeout: 300_000 }).toBe(count + 1);
    expect(new Set(scene.started)).toEqual(new Set(ids));
    expect(await scene.counted('rivulet_ingress_pauses_total')).toBe(0);
    expect(await lettersIn('>')).toBe(0);
  }, 400_000);

  it('with a body that is no event: each is one dead letter with its bytes, and a good event behind them is processed', async () => {
    const body = Buffer.from('junk');
    const bad = { subject: 'marketing.events.order.completed', body };
    const behind = orderCompleted(person('grace'));
    await publishRaw([
      ...Array.from({ length: count }, (_, index) => ({ ...bad, headers: block(place, index % 256) })),
      { ...bad, headers: Buffer.from('NATS/1.0\r\n\r\n'), body: Buffer.from(JSON.stringify(behind)) },
    ]);
    scene = ingressScene({ nats, servers, prefetch: 100 });
    await expect.poll(() => scene.started, { timeout: 300_000 }).toEqual([behind.event_id]);
    await expect.poll(() => lettersIn('invalid_json'), { timeout: 300_000 }).toBe(count);
    await expect.poll(() => scene.counted('rivulet_dead_letters_total'), { timeout: 10_000 }).toBe(count);
    expect(await scene.counted('rivulet_dead_letters_lost_total')).toBe(0);
    expect(await scene.counted('rivulet_ingress_pauses_total')).toBe(0);
    for (const at of [1, 33, 59, count]) {
      const letter = await nats.stream.manager.streams.getMessage('MARKETING_DLQ', { seq: at });
      expect(Buffer.from(letter!.data)).toEqual(body);
      const seq = Number(letter?.header.get('Rivulet-Dlq-Seq'));
      const raw = letter?.header.get('Rivulet-Dlq-Headers-Base64');
      const sent = block(place, (seq - 1) % 256);
      if (raw) expect(Buffer.from(raw, 'base64')).toEqual(sent);
      else expect(readHeaderBlock(sent)).toBeDefined();
    }
  }, 400_000);
});

it('on the bare subjects too, and feedback, and among the retries', async () => {
  const junk = [
    'marketing.events',
    'marketing.feedback.ses',
    'marketing.feedback.ses.bounce',
    'marketing.retry.marketing.event',
  ];
  await publishRaw(
    junk.flatMap((subject) =>
      Array.from({ length: 256 }, (_, byte) => ({ subject, headers: block('name', byte), body: Buffer.from('junk') })),
    ),
  );
  const behind = orderCompleted(person('grace'));
  await nats.stream.js.publish('marketing.events', JSON.stringify(behind));
  scene = ingressScene({ nats, servers, prefetch: 100 });
  await expect.poll(() => scene.started, { timeout: 200_000 }).toEqual([behind.event_id]);
  await expect.poll(() => scene.counted('rivulet_dead_letters_total'), { timeout: 200_000 }).toBe(4 * 256);
  expect([
    await lettersIn('invalid_json'),
    await lettersIn('unusable_feedback'),
    await lettersIn('not_processable'),
  ]).toEqual([256, 512, 256]);
  expect(nats.complaints().join('\n')).toBe('');
}, 300_000);
