import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type Client,
  connectClient,
  type EventToPublish,
  InvalidEventError,
  UnavailableError,
} from '../client/index.ts';
import { parseEvent } from '../events/parse.ts';
import { ownNats } from './support/own-nats.ts';
import { type Relay, startRelay } from './support/relay.ts';

const nats = ownNats();
let relay: Relay;
let client: Client;
beforeEach(async () => {
  await nats.reset();
  relay = await startRelay(new URL(nats.url).host);
  client = await connectClient({ nats: `nats://${relay.address}` });
});
afterEach(async () => {
  await client.close();
  relay.close();
});

const order = (): EventToPublish<'order.completed'> => ({
  event_id: `shop-order-${randomUUID()}`,
  user_id: 'u_42',
  payload: { order_id: 'o_7', total: 12.5, currency: 'EUR', contact: { email: 'ada@example.com' } },
});
const stored = async () => (await nats.stream.manager.streams.info('MARKETING_EVENTS')).state.messages;
const message = async (seq: number) => {
  const found = await nats.stream.manager.streams.getMessage('MARKETING_EVENTS', { seq });
  return { subject: found?.subject, id: found?.header.get('Nats-Msg-Id'), bytes: found?.data ?? new Uint8Array() };
};

describe('an event given to the client', () => {
  it('is in the stream under its type and its id, and the ingress accepts it', async () => {
    const event = order();
    const { stream, sequence, duplicate } = await client.publish('order.completed', event);
    expect([stream, duplicate]).toEqual(['MARKETING_EVENTS', false]);
    const { subject, id, bytes } = await message(sequence);
    expect([subject, id]).toEqual(['marketing.events.order.completed', event.event_id]);
    expect(parseEvent(bytes)).toMatchObject({
      ok: true,
      parsed: { event: { event_id: event.event_id, user_id: 'u_42' }, contact: { email: 'ada@example.com' } },
    });
  });

  it('is published without optional fields that cannot be used, which are reported: a receipt does not depend on a name', async () => {
    const event = order();
    const contact = { email: 'ada@example.com', name: 'Buy now 555-123-4567', time_zone: 'Europe/Berlim' };
    const payload = { ...event.payload, contact, cartid: 'c_3' };
    const { dropped } = await client.publish('order.completed', { ...event, payload });
    expect(dropped.map(({ field }) => field).toSorted()).toEqual([
      'payload.cartid',
      'payload.contact.name',
      'payload.contact.time_zone',
    ]);
    expect((await client.publish('order.completed', order())).dropped).toEqual([]);
    expect(await stored()).toBe(2);
  });

  it('twice, also at another time, is stored once', async () => {
    const event = order();
    const first = await client.publish('order.completed', { ...event, timestamp: 1_780_000_000_000 });
    const second = await client.publish('order.completed', { ...event, timestamp: 1_780_000_000_001 });
    expect(second).toEqual({ ...first, duplicate: true });
    expect(await stored()).toBe(1);
  });

  it('whose id another system has used for something else is stored all the same', async () => {
    const event = order();
    await nats.stream.js.publish('marketing.events.order.completed', '{"event_id":1}', { msgID: event.event_id });
    await nats.stream.js.publish('marketing.events.trial.started', 'junk', { msgID: `${event.event_id}-2` });
    expect(await client.publish('order.completed', event)).toMatchObject({ duplicate: false });
    expect(await client.publish('order.completed', { ...event, event_id: `${event.event_id}-2` })).toMatchObject({
      duplicate: false,
    });
    expect(await stored()).toBe(4);
  });

  it('with the same id and another content is stored too: the ingress decides', async () => {
    const event = order();
    await client.publish('order.completed', event);
    const changed = { ...event, timestamp: 1_780_000_000_000, payload: { ...event.payload, total: 13 } };
    expect(await client.publish('order.completed', changed)).toMatchObject({ duplicate: false });
    expect(await client.publish('order.completed', changed)).toMatchObject({ duplicate: true });
    expect(await stored()).toBe(2);
  });

  it('goes over a connection of the caller’s own, which stays open', async () => {
    const borrowing = await connectClient({ nats: nats.stream.connection });
    await borrowing.publish('order.completed', order());
    await borrowing.close();
    expect([await stored(), nats.stream.connection.isClosed()]).toEqual([1, false]);
  });
});

describe('an invalid event is refused as the ingress would refuse it, and nothing is sent:', () => {
  const circular: Record<string, unknown> = {};
  circular['itself'] = circular;

  it.each<[string, string, unknown]>([
    ['no event_id', 'order.completed', { ...order(), event_id: undefined }],
    ['an address as user_id', 'order.completed', { ...order(), user_id: 'ada@example.com' }],
    ['seconds', 'order.completed', { ...order(), timestamp: 1_780_000_000 }],
    ['a Date', 'order.completed', { ...order(), timestamp: new Date(0) }],
    ['a required field missing', 'order.completed', { ...order(), payload: { total: 1 } }],
    ['an infinite amount', 'order.completed', { ...order(), payload: { ...order().payload, total: Infinity } }],
    ['nothing but an unusable block', 'contact.updated', { ...order(), payload: { contact: 'ada@example.com' } }],
    ['a typo in the type', 'order.complete', order()],
    ['no payload', 'order.completed', { ...order(), payload: undefined }],
    ['consent to nothing', 'consent.granted', { ...order(), payload: { consent: { topics: [] } } }],
  ])('%s', async (_, type, event) => {
    const fields = event as Record<string, unknown>;
    const read = parseEvent(
      Buffer.from(JSON.stringify({ ...fields, event_type: type, timestamp: fields['timestamp'] ?? Date.now() })),
    );
    const refused = client.publish(type as 'order.completed', event as EventToPublish<'order.completed'>);
    await expect(refused).rejects.toThrow(InvalidEventError);
    await expect(refused).rejects.toMatchObject({ message: (read as { error: string }).error });
    expect(await stored()).toBe(0);
  });

  it.each<[string, unknown]>([
    ['refers to itself', { ...order(), payload: circular }],
    ['has a big integer', { ...order(), payload: { ...order().payload, total: 12n } }],
    ['is nothing', undefined],
    ['is too large', { ...order(), metadata: { source: 'x'.repeat(300_000) } }],
  ])('one that %s', async (_, event) => {
    await expect(client.publish('order.completed', event as EventToPublish<'order.completed'>)).rejects.toThrow(
      InvalidEventError,
    );
    expect(await stored()).toBe(0);
  });
});

describe('while NATS is unavailable', () => {
  it('an event waits for it', async () => {
    relay.cut();
    const publishing = client.publish('order.completed', order());
    setTimeout(() => void relay.mend(), 300);
    expect(await publishing).toMatchObject({ duplicate: false });
    expect(await stored()).toBe(1);
  });

  it('an event whose acknowledgement is lost is published again and stored once', async () => {
    const event = order();
    const lost = relay.loseReplyTo(event.event_id);
    const publishing = client.publish('order.completed', event);
    await lost;
    expect(await publishing).toMatchObject({ sequence: 1, duplicate: true });
    expect(await stored()).toBe(1);
  });

  it('the client gives up at its deadline and says what to do', async () => {
    relay.cut();
    const event = order();
    const failing = client.publish('order.completed', event, { timeoutMs: 300 });
    await expect(failing).rejects.toThrow(UnavailableError);
    await expect(failing).rejects.toThrow(
      new RegExp(`^Could not publish order\\.completed ${event.event_id}: .*Gave up after 300 ms.*same event_id`),
    );
  });

  it('the caller can give up sooner', async () => {
    relay.cut();
    const signal = AbortSignal.timeout(100);
    await expect(client.publish('order.completed', order(), { signal })).rejects.toThrow(signal.reason);
    await expect(client.publish('order.completed', order(), { signal })).rejects.toThrow(signal.reason);
  });

  it('a connection is tried until the deadline', async () => {
    relay.cut();
    const connecting = connectClient({ nats: `nats://${relay.address}`, timeoutMs: 5_000 });
    setTimeout(() => void relay.mend(), 300);
    await (await connecting).close();
    await expect(connectClient({ nats: 'nats://ada:secret@127.0.0.1:1', timeoutMs: 300 })).rejects.toThrow(
      /^Could not connect to NATS: (?!.*secret).*Gave up after 300 ms/,
    );
  });

  it.each<string | undefined>([
    undefined,
    '',
    'nats://',
    ':::',
    'nats://127.0.0.1:4222,',
    'nats://us%er:secret@127.0.0.1:4222',
  ])('an address that is none (%s) is refused at once, and not quoted', async (address) => {
    await expect(connectClient({ nats: address as string })).rejects.toThrow(
      /^Invalid address of NATS: use nats:\/\/host:4222/,
    );
  });

  it('a closed client fails at once', async () => {
    await client.close();
    await expect(client.publish('order.completed', order())).rejects.toThrow('the connection is closed');
  });

  it('a missing stream is waited for, then named', async () => {
    await nats.stream.manager.streams.delete('MARKETING_EVENTS');
    await expect(client.publish('order.completed', order(), { timeoutMs: 300 })).rejects.toThrow(
      /no stream accepts this subject\. The ingress creates MARKETING_EVENTS when it first starts/,
    );
  });
});
