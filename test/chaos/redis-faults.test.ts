import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type RunningServers, startServers } from '../../local/servers/start-servers.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { messageKey, messageTag } from '../../store/message-key.ts';
import { createTemplateDatabase } from '../support/database.ts';
import { orderCompleted } from '../support/events.ts';
import { waitOf } from '../support/runs.ts';
import { type ProductProcess, startSystem, type System, type SystemOptions } from '../support/system.ts';
import { crowd, people, type Person, sending } from './crowd.ts';
import { root } from './product-process.ts';

/** Servers of its own: what is done to Redis here would hurt every other test. */
let servers: RunningServers;
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder('rivulet-redis-faults-');
  servers = await startServers({ dataDir: join(folder, 'servers'), portPolicy: 'free', durable: true, root });
  await createTemplateDatabase(servers.postgres.url);
});
afterAll(async () => {
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
});

let system: System;
let worker: ProductProcess;
const { accepted, emailsTo, orders, signUps, flowing, allWaitFor, restWaitsFor, everyoneHasOne } = sending(
  () => system,
);

async function start(options: SystemOptions): Promise<void> {
  const { nats, redis, postgres, temporal } = servers;
  const urls = { nats: nats.url, redis: redis.adminUrl, postgres: postgres.url, temporal: temporal.address };
  system = await startSystem(urls, { settleAfter: '15s', probeEvery: '1s', ...options });
  [, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
}

const redisIs = (what: 'ok' | 'unavailable') =>
  expect
    .poll(
      async () => {
        const reply = await (await fetch(`${worker.url}/readyz`)).json();
        return (reply as { dependencies: { redis: string } }).dependencies.redis === 'ok' ? 'ok' : 'unavailable';
      },
      { timeout: 30_000 },
    )
    .toBe(what);

/** Nothing is sent for two seconds, but for what was under way. Returns how many were sent by then. */
async function nothingIsSent(): Promise<number> {
  await sleep(1_000);
  const before = accepted();
  await sleep(2_000);
  expect(accepted()).toBe(before);
  return before;
}

const perSecond = 40;

/**
 * The most emails in any second: the rate, and two for each time that Redis forgot. Between slot and provider lie two processes and
 * Postgres, so a quarter is allowed for; test/store/slots-faults.test.ts has the exact limit.
 */
function expectTheRateWasKept(wipes = 0): void {
  const { busiestWindow } = system.ses.record.stats();
  expect(busiestWindow.count).toBeLessThanOrEqual(perSecond * 1.25 + 2 * (1 + wipes));
}

describe(`when ${crowd} emails wait for their slots and Redis`, () => {
  beforeAll(() => start({ rateLimit: perSecond, ses: { maxMails: 20_000 } }));
  beforeEach(() => system.ses.record.reset());
  afterEach(async () => {
    await system.redis.config('SET', 'maxmemory', 0);
    await system.redis.call('REPLICAOF', 'NO', 'ONE');
  });
  afterAll(() => system.stop());

  it('is wiped five times, sending continues at the rate, and each person gets one', async () => {
    const all = people(crowd);
    await flowing(all);
    for (let wipes = 0; wipes < 5; wipes++) {
      const before = accepted();
      expect(before).toBeLessThan(crowd);
      await system.redis.flushall();
      await expect.poll(accepted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before + 10);
    }
    await everyoneHasOne(all);
    expectTheRateWasKept(5);
  });

  it('is killed and replaced by an empty one, sending pauses and continues at the rate, and each person gets one', async () => {
    const all = people(crowd);
    const runs = await flowing(all);
    await servers.server('redis').kill('SIGKILL');
    expect(await nothingIsSent()).toBeLessThan(crowd);
    await restWaitsFor(all, runs, /^SlotsUnavailable/);
    await redisIs('unavailable');
    await servers.server('redis').start();
    await everyoneHasOne(all);
    expectTheRateWasKept(1);
  });

  it('is frozen, sending pauses and continues at the rate, and each person gets one', async () => {
    const all = people(crowd);
    const runs = await flowing(all);
    await servers.server('redis').kill('SIGSTOP');
    try {
      expect(await nothingIsSent()).toBeLessThan(crowd);
      await restWaitsFor(all, runs, /^SlotsUnavailable/);
    } finally {
      await servers.server('redis').kill('SIGCONT');
    }
    await everyoneHasOne(all);
    expectTheRateWasKept();
  });

  it('has become a read-only replica, nothing is sent, and all are sent when it is the primary again', async () => {
    const all = people(crowd);
    const runs = await flowing(all);
    await system.redis.call('REPLICAOF', '127.0.0.1', '1');
    await redisIs('unavailable');
    expect(await nothingIsSent()).toBeLessThan(crowd);
    await restWaitsFor(all, runs, /^SlotsUnavailable/);

    await system.redis.call('REPLICAOF', 'NO', 'ONE');
    await everyoneHasOne(all);
    expectTheRateWasKept();
  });

  it('is full, emails of both lanes wait, and all are sent when it has room', async () => {
    const [buyers, newcomers] = [people(crowd), people(10, 'grace')];
    const receipts = await flowing(buyers);
    await system.redis.config('SET', 'maxmemory', 1);
    const welcomes = await signUps(newcomers);
    expect(await nothingIsSent()).toBeLessThan(crowd);
    await restWaitsFor(buyers, receipts, /^SlotsUnavailable/);
    await allWaitFor(welcomes, /^SlotsUnavailable/);

    await system.redis.config('SET', 'maxmemory', 0);
    await everyoneHasOne([...buyers, ...newcomers]);
    expectTheRateWasKept();
  });

  it('is unavailable, events are taken in all the same or wait in NATS, and no dead letter is written', async () => {
    const [ada] = people(1) as [Person];
    await servers.server('redis').kill('SIGKILL');
    const [order = ''] = await orders([ada]);
    await redisIs('unavailable');
    expect(emailsTo(ada)).toBe(0);
    await servers.server('redis').start();
    await everyoneHasOne([ada]);
    expect(await system.client.workflow.getHandle(order).result()).toBe('sent');
    expect((await system.stream.manager.streams.info('MARKETING_DLQ')).state.messages).toBe(0);
  });
});

describe('a Redis that has lost everything', () => {
  beforeAll(() => start({}));
  afterAll(() => system.stop());

  it('loses nobody: what was sent is not sent again, and what was on its way is sent', async () => {
    const [ada, grace] = people(2) as [Person, Person];
    const ordered = orderCompleted(ada);
    await system.publish(ordered);
    await everyoneHasOne([ada]);
    await system.store.stops.pause('all');
    const runs = await orders([grace]);
    await allWaitFor(runs, /^Paused/);

    await system.redis.flushall();
    await servers.server('redis').kill('SIGKILL');
    await servers.server('redis').start();
    await system.publish(ordered);
    await system.store.stops.resume('all');
    expect(await system.client.workflow.getHandle(runs[0]!).result()).toBe('sent');
    await orders([grace]); // the events are taken in one after another, so the repeated one was before this
    await expect.poll(() => emailsTo(grace), { timeout: 60_000 }).toBe(2);
    expect(emailsTo(ada)).toBe(1);
  });
});

describe('a journey that is cancelled', () => {
  beforeEach(() => start({ rateLimit: 1 }));
  afterEach(() => system.stop());

  it('while its email waits for a slot far away sends nothing, and holds up nobody', async () => {
    const all = people(8);
    const runs = await orders(all);
    let far = -1;
    await expect
      .poll(
        async () => {
          const waiting = await Promise.all(runs.map((run) => waitOf(system.client, run).catch(() => undefined)));
          far = waiting.findIndex((wait) => wait?.type === 'WaitingForSlot' && wait.forMs > 2_000);
          return far;
        },
        { timeout: 30_000 },
      )
      .toBeGreaterThanOrEqual(0);
    const handle = system.client.workflow.getHandle(String(runs[far]));
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await everyoneHasOne(all.filter((_, index) => index !== far));
    expect(emailsTo(all[far] as Person)).toBe(0);
  });

  it('while its email waits its last second for a slot sends nothing', async () => {
    // Whether the wish to stop was known in time is read from its history: where it was not, another one is tried.
    for (let tries = 1; ; tries++) {
      expect(tries).toBeLessThan(15);
      const [ada, grace] = people(2) as [Person, Person];
      await orders([ada]);
      await expect.poll(() => emailsTo(ada), { timeout: 20_000, interval: 5 }).toBe(1);
      const [run = ''] = await orders([grace]);
      const handle = system.client.workflow.getHandle(run);
      const due = (await slotOf(run, grace)) / 1_000;
      await handle.cancel();
      await handle.result().catch(() => undefined);
      const { events } = await handle.fetchHistory();
      const asked = events?.find((event) => event.activityTaskCancelRequestedEventAttributes)?.eventTime;
      const askedAt = Number(asked?.seconds ?? Infinity) * 1_000 + (asked?.nanos ?? 0) / 1e6;
      if (askedAt > due - 200) continue;
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(emailsTo(grace)).toBe(0);
      return;
    }
  });

  /** The slot of this run's email, once it has one, in µs; 0 when it was sent already. */
  async function slotOf(run: string, whose: Person): Promise<number> {
    const tag = messageTag(messageKey(run, 'receipt'));
    let slot = 0;
    const known = async () => {
      slot = Number((await system.redis.zscore(system.keys.slots(), tag)) ?? 0);
      return slot > 0 || emailsTo(whose) > 0;
    };
    await expect.poll(known, { timeout: 20_000, interval: 5 }).toBe(true);
    return slot;
  }
});
