import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type RunningServers, startServers } from '../../local/servers/start-servers.ts';
import { messageKey, messageTag } from '../../state/keys.ts';
import { orderCompleted, person, signedUp } from '../support/events.ts';
import { begun, waitOf } from '../support/runs.ts';
import { type ProductProcess, startSystem, type System, type SystemOptions } from '../support/system.ts';

/** Servers of its own: what is done to Redis here would hurt every other test. */
let servers: RunningServers;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-redis-faults-'));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  servers = await startServers({ dataDir: folder, portPolicy: 'free', durable: true, root });
});
afterAll(async () => {
  await servers.stop();
  rmSync(folder, { recursive: true, force: true });
});

let system: System;
let worker: ProductProcess;

async function start(options: SystemOptions): Promise<void> {
  const { nats, redis, temporal } = servers;
  const urls = { nats: nats.url, redis: redis.url, temporal: temporal.address };
  system = await startSystem(urls, { settleAfter: '4s', probeEvery: '1s', ...options });
  [, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
}

type Person = ReturnType<typeof person>;
const people = (count: number, name = 'ada') => Array.from({ length: count }, () => person(name));
const mailsTo = ({ email }: Person) => system.ses.mailbox.list({ to: email }).length;
const accepted = () => system.ses.record.stats().accepted;
const everyoneHasOne = async (all: Person[]) => {
  await expect.poll(() => all.filter((who) => mailsTo(who) === 0), { timeout: 80_000, interval: 200 }).toEqual([]);
  expect(all.map(mailsTo)).toEqual(all.map(() => 1));
};

async function publish(event: { event_id: string }): Promise<string> {
  await system.publish(event);
  return event.event_id;
}
const orders = (all: Person[]) => Promise.all(all.map((who) => publish(orderCompleted(who))));
const signUps = (all: Person[]) => Promise.all(all.map((who) => publish(signedUp(who))));

/** Why each of these runs waits: the type of failure and what it says. */
const waits = (runs: string[]) =>
  Promise.all(
    runs.map((run) =>
      waitOf(system.client, run).then(
        (wait) => `${wait?.type}: ${wait?.message}`,
        () => 'no run yet',
      ),
    ),
  );
const allWaitFor = (runs: string[], why: RegExp) =>
  expect
    .poll(async () => (await waits(runs)).filter((wait) => !why.test(wait)), { timeout: 40_000, interval: 100 })
    .toEqual([]);
/** Orders whose mails begin to leave together, each run having come as far as its send. */
async function flowing(all: Person[]): Promise<string[]> {
  await system.stops.pause('all');
  const runs = await orders(all);
  await allWaitFor(runs, /^Paused/);
  await system.stops.resume('all');
  await expect.poll(accepted, { timeout: 30_000, interval: 10 }).toBeGreaterThan(5);
  return runs;
}
const redisIs = (what: 'ok' | 'away') =>
  expect
    .poll(
      async () => {
        const reply = await (await fetch(`${worker.url}/readyz`)).json();
        return (reply as { dependencies: { redis: string } }).dependencies.redis === 'ok' ? 'ok' : 'away';
      },
      { timeout: 20_000 },
    )
    .toBe(what);

describe('when Redis', () => {
  beforeAll(() => start({ rateLimit: 15 }));
  beforeEach(() => system.ses.record.reset());
  afterEach(async () => {
    await system.redis.config('SET', 'maxmemory', 0);
    await system.redis.call('REPLICAOF', 'NO', 'ONE');
  });
  afterAll(() => system.stop());

  it('is killed with -9 in the middle of sixty sends, and comes back, each person gets one mail', async () => {
    const all = people(60);
    await flowing(all);
    await servers.server('redis').kill('SIGKILL');
    expect(accepted()).toBeLessThan(60);
    await redisIs('away');
    await servers.server('redis').start();
    await everyoneHasOne(all);
  });

  it('is away when a journey begins, the journey waits for it, and its mail leaves', async () => {
    const relay = await system.relayTo('redis');
    await worker.stop();
    worker = await system.startWorker({ REDIS_URL: `redis://${relay.address}` });
    try {
      relay.cut();
      const ada = person('ada');
      const [run = ''] = await orders([ada]);
      const handle = system.client.workflow.getHandle(run);
      const state = async () => {
        const { status, raw } = await handle.describe();
        return status.name === 'RUNNING' ? raw.pendingActivities?.[0]?.activityType?.name : status.name;
      };
      await expect.poll(() => state().catch(() => undefined), { timeout: 30_000 }).toBeDefined();
      expect(await state()).toBe('checkConsent');
      await relay.mend();
      await everyoneHasOne([ada]);
    } finally {
      await worker.stop();
      worker = await system.startWorker();
    }
  });

  it('forgets its scripts in the middle of sixty sends, nobody notices', async () => {
    const all = people(60);
    await orders(all);
    for (const sent of [5, 20, 40]) {
      await expect.poll(accepted, { timeout: 30_000, interval: 20 }).toBeGreaterThan(sent);
      await system.redis.script('FLUSH');
    }
    await everyoneHasOne(all);
  });

  // Fails now: the script that books a slot begins with a writing that takes no memory, so that it goes on when full.
  it('is full, marketing waits, receipts that have their run leave, and nothing is lost', async () => {
    const [buyers, newcomers, latecomer] = [people(10), people(10, 'grace'), person('joan')];
    await system.stops.pause('all');
    const [receipts, welcomes] = await Promise.all([orders(buyers), signUps(newcomers)]);
    await allWaitFor([...receipts, ...welcomes], /^Paused/);

    const used = Number(/used_memory:(\d+)/.exec(await system.redis.info('memory'))?.[1]);
    await system.redis.config('SET', 'maxmemory', Math.floor(used * 0.9));
    await system.stops.resume('all');
    await system.publish(orderCompleted(latecomer));
    await everyoneHasOne(buyers);
    // Each of them has met the full Redis, or has left all the same.
    await expect
      .poll(
        async () =>
          (await waits(welcomes)).filter((why, index) => !/OOM/.test(why) && !mailsTo(newcomers[index] as Person)),
        { timeout: 40_000, interval: 100 },
      )
      .toEqual([]);
    expect([...newcomers, latecomer].map(mailsTo)).toEqual(Array(11).fill(0));

    await system.redis.config('SET', 'maxmemory', 0);
    await everyoneHasOne([...buyers, ...newcomers, latecomer]);
  });

  it('has become a replica that takes no writes, nothing leaves, and all leaves when it is one no more', async () => {
    const all = people(60);
    const runs = await flowing(all);
    await system.redis.call('REPLICAOF', '127.0.0.1', '1');
    await redisIs('away');
    const open = runs.filter((_, index) => mailsTo(all[index] as Person) === 0);
    expect(open.length).toBeGreaterThan(0);
    await allWaitFor(open, /READONLY/);
    expect(accepted()).toBe(60 - open.length);

    await system.redis.call('REPLICAOF', 'NO', 'ONE');
    await everyoneHasOne(all);
  });
});

describe('a record in the ledger that', () => {
  beforeAll(() => start({ prefix: 'ledger:' }));
  afterAll(() => system.stop());

  /** The event, and the key of its mail's record. */
  function recordOf(event: { event_id: string }, template: string): string {
    return system.keys.send(messageTag(messageKey(event.event_id, template)));
  }
  const old = { state: 'dispatching', claim: 'of an older version' };

  it('an older version wrote, without a time, counts as dispatched now: a welcome is not sent again', async () => {
    const grace = person('grace');
    const event = signedUp(grace);
    await system.redis.hset(recordOf(event, 'welcome'), old);
    await allWaitFor([await publish(event)], /^Settling/);
    await expect.poll(() => worker.output(), { timeout: 30_000 }).toContain('"outcome":"unknown"');
    expect(mailsTo(grace)).toBe(0);
  });

  it('an older version wrote, without a time, is settled before its receipt is sent', async () => {
    const [ada, grace] = [person('ada'), person('grace')];
    const event = orderCompleted(ada);
    await system.redis.hset(recordOf(event, 'receipt'), old);
    await allWaitFor([await publish(event)], /^Settling/);
    const dispatched = Number(await system.redis.hget(recordOf(event, 'receipt'), 'at'));
    await orders([grace]); // the feed tells of a later mail
    await everyoneHasOne([grace, ada]);
    const [mail] = system.ses.mailbox.list({ to: ada.email });
    expect(mail?.acceptedAt).toBeGreaterThanOrEqual(dispatched + 4_000);
    expect(await system.client.workflow.getHandle(event.event_id).result()).toBe('sent');
  });

  it('says what this version does not know holds its mail until somebody has looked', async () => {
    const ada = person('ada');
    const event = orderCompleted(ada);
    await system.redis.hset(recordOf(event, 'receipt'), { state: 'archived', at: Date.now() });
    const run = await publish(event);
    await allWaitFor([run], /^LedgerUnreadable: .*"archived"/);
    expect(mailsTo(ada)).toBe(0);

    await system.redis.del(recordOf(event, 'receipt'));
    await everyoneHasOne([ada]);
  });
});

describe('a Redis that has lost everything', () => {
  beforeAll(() => start({ prefix: 'lost:' }));
  afterAll(() => system.stop());

  it('sends nothing again whose run is recorded, ends runs in flight as no_address, and learns anew', async () => {
    // Promised then: Temporal knows which events had their run, so none of them mails twice. Not promised: what was
    // remembered of people. Whoever is on the way has no address any more, until an event brings it again.
    const [ada, grace] = [person('ada'), person('grace')];
    const ordered = orderCompleted(ada);
    await publish(ordered);
    expect(await system.client.workflow.getHandle(await started(ordered)).result()).toBe('sent');
    await system.stops.pause('all');
    const inFlight = orderCompleted(grace);
    await publish(inFlight);
    await allWaitFor([inFlight.event_id], /^Paused/);

    await system.redis.flushall();
    await servers.server('redis').kill('SIGKILL');
    await servers.server('redis').start();
    expect(await system.client.workflow.getHandle(inFlight.event_id).result()).toBe('no_address');
    await publish(ordered);
    await expect.poll(() => system.contactKnown(ada.user_id), { timeout: 30_000 }).toBe(true); // it has been taken in
    await publish(orderCompleted(grace));
    await everyoneHasOne([grace, ada]);
  });

  async function started({ event_id }: { event_id: string }): Promise<string> {
    await expect.poll(() => begun(system.client, event_id), { timeout: 20_000 }).toBe(true);
    return event_id;
  }
});

describe('a journey that is cancelled', () => {
  beforeEach(() => start({ rateLimit: 1, prefix: 'cancelled:' }));
  afterEach(() => system.stop());

  it('while its mail waits for a slot far away sends nothing, and holds up nobody', async () => {
    const all = people(8);
    const runs = await orders(all);
    let far = -1;
    await expect
      .poll(
        async () => {
          const waiting = await Promise.all(runs.map((run) => waitOf(system.client, run).catch(() => undefined)));
          far = waiting.findIndex((wait) => wait?.type === 'RateLimited' && wait.forMs > 2_000);
          return far;
        },
        { timeout: 30_000 },
      )
      .toBeGreaterThanOrEqual(0);
    const handle = system.client.workflow.getHandle(String(runs[far]));
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await everyoneHasOne(all.filter((_, index) => index !== far));
    expect(mailsTo(all[far] as Person)).toBe(0);
  });

  it('while its mail waits its last second for a slot sends nothing', async () => {
    // Whether the wish to stop was known in time is read from its history: where it was not, another one is tried.
    for (let tries = 1; ; tries++) {
      expect(tries).toBeLessThan(15);
      const [ada, grace] = [person('ada'), person('grace')];
      await orders([ada]);
      await expect.poll(() => mailsTo(ada), { timeout: 20_000, interval: 5 }).toBe(1);
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
      expect(mailsTo(grace)).toBe(0);
      return;
    }
  });

  /** The slot of this run's mail, once it has one, in µs; 0 when it has left already. */
  async function slotOf(run: string, whose: Person): Promise<number> {
    const tag = messageTag(messageKey(run, 'receipt'));
    let slot = 0;
    const known = async () => {
      slot = Number((await system.redis.zscore(system.keys.rate('slots'), tag)) ?? 0);
      return slot > 0 || mailsTo(whose) > 0;
    };
    await expect.poll(known, { timeout: 20_000, interval: 5 }).toBe(true);
    return slot;
  }
});
