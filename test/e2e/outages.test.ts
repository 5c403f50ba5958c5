import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { feedLag } from '../../ingress/feed-progress.ts';
import { orderCompleted, person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;

beforeAll(async () => {
  // The window is short, so that what a dead worker left in doubt is settled within the test.
  system = await startSystem(inject('servers'), {
    settleAfter: '4s',
    ses: { latencyMs: 30, latencyJitter: 0.4, maxMails: 20_000 },
  });
});
afterEach(() => system.stopProcesses());
afterAll(() => system.stop());

/** How many events come in an outage: few in the suite; RIVULET_TEST_EVENTS=10000 makes it an afternoon. */
const manyEvents = Number(process.env['RIVULET_TEST_EVENTS'] ?? 300);

/** Orders are in the lane of what they start. */
const consumerName = 'ingress-transactional';
const consumerInfo = () => system.stream.manager.consumers.info('MARKETING_EVENTS', consumerName);
const streams = { events: 'MARKETING_EVENTS', retries: 'MARKETING_RETRY' };

/** Mails per person, for each of these people. */
function counts(people: { email: string }[]): number[] {
  const byAddress = new Map<string, number>();
  for (const { to } of system.ses.mailbox.list({}, { limit: Infinity })) {
    for (const address of to) byAddress.set(address, (byAddress.get(address) ?? 0) + 1);
  }
  return people.map(({ email }) => byAddress.get(email) ?? 0);
}
const total = (people: { email: string }[]) => counts(people).reduce((sum, count) => sum + count, 0);

async function publishFor(people: ReturnType<typeof person>[]): Promise<void> {
  for (const who of people) await system.publish(orderCompleted(who));
}

describe('events that come while something is away', () => {
  it(
    'wait in NATS while no Temporal answers, use up no deliveries, and become mails afterwards',
    async () => {
      // This ingress looks for Temporal where it went away: a relay that is cut and mended stands for the server.
      const relay = await system.relayTo('temporal');
      const ingress = await system.startIngress({ TEMPORAL_ADDRESS: relay.address });
      await system.startWorker();
      relay.cut();
      const people = Array.from({ length: manyEvents }, () => person('grace'));
      await publishFor(people);

      await expect.poll(async () => (await fetch(`${ingress.url}/readyz`)).status, { timeout: 60_000 }).toBe(503);
      const readiness = (await (await fetch(`${ingress.url}/readyz`)).json()) as {
        dependencies: Record<string, string>;
      };
      expect(readiness.dependencies).toMatchObject({ nats: 'ok', redis: 'ok' });
      expect(readiness.dependencies['temporal']).not.toBe('ok');
      expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
      await expect
        .poll(async () => (await fetch(`${ingress.url}/metrics`)).text(), { timeout: 30_000 })
        .toMatch(/rivulet_ingress_pauses_total\{lane="transactional"\} [1-9]/);
      const before = await consumerInfo();
      await sleep(3_000); // time passes with Temporal away: nothing may be delivered in it
      expect((await consumerInfo()).delivered.consumer_seq).toBe(before.delivered.consumer_seq);

      await relay.mend();
      await expect.poll(() => total(people), { timeout: manyEvents * 200, interval: 250 }).toBe(manyEvents);
      expect(counts(people)).toEqual(people.map(() => 1));
    },
    60_000 + manyEvents * 400,
  );

  it('are not lost when somebody deletes the stream, or the consumer', async () => {
    const ingress = await system.startIngress();
    await system.startWorker();
    // The stream first: without its consumer, everything that it holds would be heard again before Ada's order.
    await system.stream.manager.streams.delete('MARKETING_EVENTS');
    await expect
      .poll(
        () =>
          consumerInfo().then(
            () => true,
            () => false,
          ),
        { timeout: 90_000 },
      )
      .toBe(true);
    const ada = person('ada');
    await system.publish(orderCompleted(ada));
    await expect.poll(() => total([ada]), { timeout: 90_000 }).toBe(1);

    await system.stream.manager.consumers.delete('MARKETING_EVENTS', consumerName);
    const grace = person('grace');
    await system.publish(orderCompleted(grace));
    await expect.poll(() => total([ada, grace]), { timeout: 90_000 }).toBe(2);
    expect(await ingress.stop()).toBe(0);
  }, 300_000);
});

describe('a journey that finds a server unavailable', () => {
  it.each([
    ['redis', 'SlotsUnavailable'],
    ['postgres', 'DependencyUnavailable'],
  ] as const)('%s: its email waits for it, visibly, and is sent when it is back', async (server, type) => {
    const relay = await system.relayTo(server);
    const env = {
      REDIS_URL: { REDIS_URL: `redis://${relay.address}` },
      POSTGRES_URL: { POSTGRES_URL: throughRelay(system.place.postgres, relay.address) },
    };
    await Promise.all([
      system.startIngress(),
      system.startWorker(server === 'redis' ? env.REDIS_URL : env.POSTGRES_URL),
    ]);
    relay.cut();
    const [ada, order] = [person('ada'), randomUUID()];
    await system.publish({ ...orderCompleted(ada), event_id: order });
    const run = system.client.workflow.getHandle(order);
    const waitsFor = async () =>
      (await run.describe()).raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type;
    await expect.poll(() => waitsFor().catch(() => undefined), { timeout: 120_000 }).toBe(type);
    await relay.mend();
    expect(await run.result()).toBe('sent');
    expect(counts([ada])).toEqual([1]);
  });
});

/** The same database by way of a relay. */
function throughRelay(url: string, address: string): string {
  const through = new URL(url);
  through.host = address;
  return through.href;
}

describe('what SES has told while no ingress runs', () => {
  it('counts as unread until one has taken it in, so that no mail is settled as if nothing had been said', async () => {
    const ingress = await system.startIngress();
    // The ingresses of the tests before may have died with feedback in hand: it comes again after `ack_wait`, 10 s.
    await expect.poll(() => feedLag(system.stream, streams), { timeout: 90_000 }).toBe(0);
    await ingress.stop();
    await system.publishBytes(JSON.stringify({ eventType: 'Send', mail: {} }), 'marketing.feedback.ses');
    await system.publishBytes('{}', 'marketing.events');
    await expect.poll(() => feedLag(system.stream, streams), { timeout: 60_000 }).toBeGreaterThan(500);
    const readUntil = async () => (await system.store.feed.since(0)).readUntil ?? 0;
    const before = await readUntil();
    expect(before).toBeLessThan(Date.now() - 400);
    await system.startIngress();
    await expect.poll(() => feedLag(system.stream, streams), { timeout: 60_000 }).toBe(0);
    await expect.poll(readUntil, { timeout: 60_000 }).toBeGreaterThan(Date.now() - 2_000);
  });
});

describe('readiness', () => {
  it('of an ingress and a worker names what is away, and comes back with it', async () => {
    const [nats, redis, postgres, temporal] = await Promise.all([
      system.relayTo('nats'),
      system.relayTo('redis'),
      system.relayTo('postgres'),
      system.relayTo('temporal'),
    ]);
    const env = {
      NATS_URL: `nats://${nats.address}`,
      REDIS_URL: `redis://${redis.address}`,
      POSTGRES_URL: throughRelay(system.place.postgres, postgres.address),
      TEMPORAL_ADDRESS: temporal.address,
    };
    const [ingress, worker] = await Promise.all([system.startIngress(env), system.startWorker(env)]);
    const away = async ({ url }: { url: string }) => {
      const reply = await fetch(`${url}/readyz`);
      const { dependencies } = (await reply.json()) as { dependencies: Record<string, string> };
      const names = Object.keys(dependencies).filter((name) => dependencies[name] !== 'ok');
      return [reply.status, ...names];
    };
    for (const [name, relay] of Object.entries({ nats, redis, postgres, temporal })) {
      relay.cut();
      await expect.poll(() => away(ingress), { timeout: 45_000 }).toEqual([503, name]);
      if (name !== 'nats') await expect.poll(() => away(worker), { timeout: 45_000 }).toEqual([503, name]);
      await relay.mend();
      await expect.poll(() => away(ingress), { timeout: 45_000 }).toEqual([200]);
      await expect.poll(() => away(worker), { timeout: 45_000 }).toEqual([200]);
    }
  });
});

describe('a worker that is told to stop', () => {
  it('finishes the sends it has begun', async () => {
    await system.startIngress();
    const worker = await system.startWorker();
    const people = Array.from({ length: 40 }, () => person('ada'));
    const before = system.ses.record.stats().requests['SendEmail'] ?? 0;
    system.ses.faults.update({ rules: [{ action: { type: 'slow', ms: 1_000 } }] });
    try {
      await publishFor(people);
      await expect
        .poll(() => (system.ses.record.stats().requests['SendEmail'] ?? 0) - before, { timeout: 60_000 })
        .toBeGreaterThan(5);
      expect(await worker.stop()).toBe(0);
    } finally {
      system.ses.faults.update({ rules: [] });
    }
    await system.startWorker();
    await expect.poll(() => total(people), { timeout: 60_000 }).toBe(40);
    expect(counts(people)).toEqual(people.map(() => 1));
  }, 300_000);
});
