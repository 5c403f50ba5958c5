import { setTimeout as sleep } from 'node:timers/promises';

import { ServiceError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { provisionNats } from '../ingress/nats.ts';
import { event, orderCompleted, person, signedUp } from './support/events.ts';
import { type IngressScene, ingressScene, type SceneOptions } from './support/ingress-scene.ts';
import { ownNats, streamSettings } from './support/own-nats.ts';
import { serversOfThisFile } from './support/scene.ts';

const nats = ownNats();
const servers = serversOfThisFile();
const scenes: IngressScene[] = [];

beforeEach(() => nats.reset());
afterEach(async () => {
  await Promise.all(scenes.splice(0).map((scene) => scene.stop()));
  // Delays that are no whole numbers, among others, the server refuses with no more than a line in its log.
  expect(nats.complaints().join('\n')).toBe('');
});

function start(options: Omit<SceneOptions, 'nats' | 'servers'>): IngressScene {
  const scene = ingressScene({ nats, servers, ...options });
  scenes.push(scene);
  return scene;
}

const publish = (body: { event_type: string }) =>
  nats.stream.js.publish(`marketing.events.${body.event_type}`, JSON.stringify(body));

const orders = (count: number) => Array.from({ length: count }, () => orderCompleted(person('ada')));
const idsOf = (events: readonly { event_id: string }[]) => new Set(events.map(({ event_id }) => event_id));

/** gRPC's status as Temporal's client wraps it. */
const grpc = (code: number) => new ServiceError('refused', { cause: Object.assign(new Error('status'), { code }) });

async function letters(): Promise<{ reason: string; error: string; body: { event_id: string } }[]> {
  const { state } = await nats.stream.manager.streams.info('MARKETING_DLQ');
  const found = [];
  for (let seq = state.first_seq; seq > 0 && seq <= state.last_seq; seq++) {
    const letter = await nats.stream.manager.streams.getMessage('MARKETING_DLQ', { seq });
    if (!letter) continue;
    const { header } = letter;
    found.push({
      reason: header.get('Rivulet-Dlq-Reason'),
      error: header.get('Rivulet-Dlq-Error'),
      body: letter.json<{ event_id: string }>(),
    });
  }
  return found;
}

const waitingIn = async (stream: string) => (await nats.stream.manager.streams.info(stream)).state.messages;

describe('an event that fails by itself', () => {
  it('leaves its line, and is a dead letter after so many failures, with every error it met', async () => {
    const [poisoned, good] = [orders(1), orders(1)];
    const bad = idsOf(poisoned);
    let calls = 0;
    const scene = start({
      temporal: {
        start: async (id) => {
          if (!bad.has(id)) return;
          calls += 1;
          throw calls === 2 ? new RangeError('another one') : new TypeError('a bug of ours');
        },
      },
    });
    for (const order of [...poisoned, ...good]) await publish(order);
    await expect.poll(letters, { timeout: 20_000 }).toMatchObject([
      {
        reason: 'not_processable',
        error:
          'failed 3 times with everything it needs available: TypeError: a bug of ours (2 times); RangeError: another one',
        body: poisoned[0],
      },
    ]);
    expect(calls).toBe(3);
    expect(scene.started).toEqual([good[0]?.event_id]);
    await expect.poll(() => waitingIn('MARKETING_RETRY'), { timeout: 10_000 }).toBe(0);
    expect(await scene.counted('rivulet_ingress_pauses_total')).toBe(0);
  });

  it('keeps nobody waiting: 1,001 of them, which come back much later, and 50 good ones behind them', async () => {
    const [poisoned, good] = [orders(1_001), orders(50)];
    const bad = idsOf(poisoned);
    const scene = start({
      prefetch: 100,
      policy: { firstWaitMs: 600_000, longestWaitMs: 600_000 },
      temporal: {
        start: async (id) => {
          if (bad.has(id)) throw new TypeError('a bug of ours');
        },
      },
    });
    await Promise.all([...poisoned].map(publish));
    await Promise.all(good.map(publish));
    await expect.poll(() => scene.started.length, { timeout: 60_000 }).toBe(50);
    await expect.poll(() => waitingIn('MARKETING_RETRY'), { timeout: 60_000 }).toBe(1_001);
    expect(new Set(scene.started)).toEqual(idsOf(good));
  }, 90_000);

  it('has its failures counted across a restart, and deliveries not at all', async () => {
    const [poisoned] = orders(1);
    let calls = 0;
    const temporal = {
      start: async () => {
        calls += 1;
        throw new TypeError('a bug of ours');
      },
    };
    const slow = { failuresAtMost: 5, firstWaitMs: 300, longestWaitMs: 300 };
    const first = start({ temporal, policy: slow });
    await publish(poisoned!);
    await expect.poll(() => calls, { timeout: 20_000 }).toBe(2);
    await first.stop();
    start({ temporal, policy: slow });
    await expect.poll(async () => (await letters()).length, { timeout: 20_000 }).toBe(1);
    expect(calls).toBe(5);
  });
});

describe('a message among the retries that no ingress has put there', () => {
  it('stays what it is when its dead letter cannot be written at once', async () => {
    const scene = start({});
    const [order] = orders(1);
    await nats.stream.manager.streams.delete('MARKETING_DLQ');
    await nats.stream.js.publish('marketing.retry.transactional.event', JSON.stringify(order));
    await expect.poll(() => scene.counted('rivulet_ingress_retries_total'), { timeout: 20_000 }).toBeGreaterThan(1);
    await provisionNats(nats.stream, streamSettings);
    await expect.poll(letters, { timeout: 20_000 }).toMatchObject([
      {
        reason: 'not_processable',
        error: 'not published by an ingress: its Rivulet-Retry-* headers are missing or unreadable',
        body: order,
      },
    ]);
    expect(scene.started).toEqual([]);
  });
});

describe('an outage', () => {
  it('of everything is waited for: nothing is counted, nothing moves, and all is processed afterwards', async () => {
    let up = true;
    const published = orders(60);
    const scene = start({
      prefetch: 10,
      policy: { failuresAtMost: 1 },
      probe: async () => {
        if (!up) throw new Error('away');
      },
      temporal: {
        start: async () => {
          if (!up) throw new TypeError('an error that nobody foresaw');
        },
      },
    });
    await publish(published[0]!);
    await expect.poll(() => scene.started.length, { timeout: 20_000 }).toBe(1);
    up = false;
    await Promise.all(published.slice(1).map(publish));
    await expect.poll(() => scene.counted('rivulet_ingress_requeued_total'), { timeout: 20_000 }).toBeGreaterThan(0);
    up = true;
    await expect.poll(() => scene.started.length, { timeout: 30_000 }).toBe(60);
    expect(await letters()).toEqual([]);
    expect(await waitingIn('MARKETING_RETRY')).toBe(0);
  }, 60_000);

  it.each([
    ['deadline exceeded', 4],
    ['resource exhausted', 8],
    ['unavailable', 14],
  ])(
    'of a part, which the probe does not see, makes no dead letter either (%s)',
    async (_, code) => {
      const published = orders(300);
      const seen = new Map<string, number>();
      const scene = start({
        policy: { failuresAtMost: 1 },
        temporal: {
          start: async (id) => {
            const times = (seen.get(id) ?? 0) + 1;
            seen.set(id, times);
            // More often than failures of its own would be allowed.
            if (published.findIndex(({ event_id }) => event_id === id) % 3 === 0 && times <= 4) throw grpc(code);
          },
        },
      });
      await Promise.all(published.map(publish));
      await expect.poll(() => scene.started.length, { timeout: 60_000 }).toBe(300);
      expect(new Set(scene.started)).toEqual(idsOf(published));
      expect(await letters()).toEqual([]);
      expect(Math.max(...seen.values())).toBe(5);
    },
    90_000,
  );

  it('of which every message is part, although the probe passes, stops pulling: the backlog stays in its lane', async () => {
    let calls = 0;
    const scene = start({
      prefetch: 5,
      policy: { longestUnavailableMs: 600_000, firstWaitMs: 600_000 },
      temporal: {
        start: async () => {
          calls += 1;
          throw grpc(14);
        },
      },
    });
    await Promise.all(orders(200).map(publish));
    await expect
      .poll(() => scene.counted('rivulet_ingress_pauses_total', { lane: 'transactional' }), { timeout: 30_000 })
      .toBe(3);
    expect(calls).toBeLessThan(60);
    const { num_pending } = await nats.stream.manager.consumers.info('MARKETING_EVENTS', 'ingress-transactional');
    expect(num_pending).toBeGreaterThan(120);
    expect(await letters()).toEqual([]);
  }, 60_000);
});

describe('one person', () => {
  it('with 1,500 events holds up nobody: their lane goes on before a tenth of them is processed', async () => {
    const hot = person('hot');
    const theirs = Array.from({ length: 1_500 }, () => orderCompleted(hot));
    const others = orders(20);
    let ofHot = 0;
    const before: number[] = [];
    const scene = start({
      temporal: {
        start: async (_, user) => {
          if (user === hot.user_id) {
            await sleep(2);
            ofHot += 1;
          } else before.push(ofHot);
        },
      },
    });
    await Promise.all(theirs.map(publish));
    await Promise.all(others.map(publish));
    await expect.poll(() => before.length, { timeout: 60_000 }).toBe(20);
    expect(Math.max(...before)).toBeLessThan(150);
    await expect.poll(() => ofHot, { timeout: 150_000 }).toBe(1_500);
    expect(scene.started).toHaveLength(1_520);
    expect(await letters()).toEqual([]);
  }, 240_000);

  it('has their events processed in order, in places that others may have meanwhile', async () => {
    const ada = person('ada');
    const theirs = Array.from({ length: 30 }, () => orderCompleted(ada));
    const others = orders(5);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const scene = start({
      prefetch: 2,
      temporal: { start: async (id) => (id === theirs[0]?.event_id ? held : undefined) },
    });
    for (const order of [...theirs, ...others]) await publish(order);
    // Their first event takes one of two places, the others none.
    await expect.poll(() => scene.started, { timeout: 20_000 }).toHaveLength(5);
    expect(new Set(scene.started)).toEqual(idsOf(others));
    release();
    await expect.poll(() => scene.started.length, { timeout: 20_000 }).toBe(35);
    expect(scene.started.slice(5)).toEqual(theirs.map(({ event_id }) => event_id));
  });
});

describe('journeys that listen', () => {
  const running = (workflowId: string, registeredAt: number) =>
    ({ workflowId, journey: 'cart-recovery', listensFor: ['order.completed'], since: 0, registeredAt }) as const;

  it('are told after the start of the journey of the event, and do not hold it up', async () => {
    const ada = person('ada');
    const order = orderCompleted(ada);
    let up = false;
    const scene = start({
      temporal: {
        signal: async () => {
          if (!up) throw grpc(14);
        },
      },
    });
    await scene.store.running.register(ada.user_id, running('a-cart', Date.now()));
    await publish(order);
    await expect.poll(() => scene.counted('rivulet_ingress_retries_total'), { timeout: 20_000 }).toBeGreaterThan(1);
    expect(scene.started).toEqual([order.event_id]);
    expect(scene.signalled).toEqual([]);
    up = true;
    await expect.poll(() => scene.signalled, { timeout: 20_000 }).toEqual(['a-cart <- order.completed']);
    expect(scene.started).toEqual([order.event_id]);
  });

  it('and take no more signals are left out, and the others are told', async () => {
    const ada = person('ada');
    const scene = start({
      temporal: {
        signal: async (run) => {
          if (run === 'full') throw grpc(3);
        },
      },
    });
    await scene.store.running.register(ada.user_id, running('full', Date.now()));
    await scene.store.running.register(ada.user_id, running('open', Date.now() + 1));
    const order = orderCompleted(ada);
    await publish(order);
    await expect.poll(() => scene.counted('rivulet_events_total'), { timeout: 20_000 }).toBe(1);
    expect([scene.started, scene.signalled]).toEqual([[order.event_id], ['open <- order.completed']]);
    expect(await waitingIn('MARKETING_RETRY')).toBe(0);
  });

  it('by the thousand are told in parts, each once, and other events have their turn between the parts', async () => {
    const ada = person('ada');
    const scene = start({ prefetch: 1, temporal: { signal: async () => {} } });
    const now = Date.now();
    for (let at = 0; at < 450; at++) await scene.store.running.register(ada.user_id, running(`cart-${at}`, now + at));
    const [first, second] = [orderCompleted(ada), orderCompleted(person('grace'))];
    await publish(first);
    await publish(second);
    await expect.poll(() => scene.signalled.length, { timeout: 30_000 }).toBe(450);
    expect(new Set(scene.signalled).size).toBe(450);
    await expect.poll(() => scene.counted('rivulet_events_total'), { timeout: 20_000 }).toBe(2);
    expect(scene.started).toEqual([first.event_id, second.event_id]);
  }, 60_000);
});

describe('bulk', () => {
  it('in one lane holds up no other: an opt-out and an order behind 1,000 sign-ups that do not end', async () => {
    const [signUps, [order]] = [Array.from({ length: 1_000 }, () => signedUp(person('grace'))), orders(1)];
    const leaving = person('ada');
    const bulk = idsOf(signUps);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const scene = start({
      prefetch: 10,
      temporal: { start: async (id) => (bulk.has(id) ? held : undefined) },
    });
    await Promise.all(signUps.map(publish));
    await publish(order!);
    await publish(event('consent.revoked', leaving.user_id, { consent: { topics: ['*'] } }));
    await publish(event('consent.revoked', person('other').user_id, { consent: { topics: ['offers'] } }));
    await expect.poll(() => scene.started, { timeout: 20_000 }).toEqual([order?.event_id]);
    await expect
      .poll(() => scene.counted('rivulet_events_total', { event_type: 'consent.revoked' }), { timeout: 20_000 })
      .toBe(2);
    // On the bare subject an opt-out is sorted first, and passes too.
    await nats.stream.js.publish(
      'marketing.events',
      JSON.stringify(event('consent.revoked', leaving.user_id, { consent: { topics: ['*'] } })),
    );
    await expect
      .poll(() => scene.counted('rivulet_events_total', { event_type: 'consent.revoked' }), { timeout: 20_000 })
      .toBe(3);
    release();
    await expect.poll(() => scene.started.length, { timeout: 60_000 }).toBe(1_001);
  }, 120_000);
});
