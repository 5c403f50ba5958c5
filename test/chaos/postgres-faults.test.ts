import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { database } from '../../local/servers/postgres.ts';
import { type RunningServers, startServers } from '../../local/servers/start-servers.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { createTemplateDatabase } from '../support/database.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { type Standby, startStandby } from '../support/postgres-standby.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { startSystem, type System } from '../support/system.ts';
import { crowd, people, type Person, sending } from './crowd.ts';
import { root } from './product-process.ts';
import { fillDisk, mayMount, mountSmallDisk, unmount } from './small-disk.ts';

/** How long Postgres is away: some seconds in the suite; RIVULET_TEST_SECONDS=30 is the long form. */
const awayMs = 1_000 * Number(process.env['RIVULET_TEST_SECONDS'] ?? 6);
const perSecond = 60;
const connections = 60;

/** The product reaches Postgres through a relay, as by a virtual address, and has servers of its own. */
let primary: OwnPostgres;
let relay: Relay;
let servers: RunningServers;
let system: System;
let folder: string;
let disk: string;
let standby: Standby | undefined;
const { accepted, emailsTo, orders, flowing, restWaitsFor, everyoneHasOne } = sending(() => system);

beforeAll(async () => {
  folder = temporaryFolder('rivulet-postgres-faults-');
  primary = await startOwnPostgres({
    durable: true,
    settings: { max_connections: String(connections) },
    prepare: async (dataDir) => {
      disk = dataDir;
      if (mayMount) mountSmallDisk(dataDir);
    },
  });
  relay = await startRelay(`127.0.0.1:${primary.port}`);
  const postgresUrl = `postgres://postgres@${relay.address}/${database}`;
  const dataDir = join(folder, 'servers');
  servers = await startServers({ dataDir, portPolicy: 'free', durable: true, root, postgresUrl });
  const { nats, redis, temporal } = servers;
  await createTemplateDatabase(postgresUrl);
  const urls = { nats: nats.url, redis: redis.adminUrl, postgres: postgresUrl, temporal: temporal.address };
  system = await startSystem(urls, {
    settleAfter: '30s', // longer than any outage here: while the feed cannot be read, a receipt in doubt must not be sent again
    probeEvery: '1s',
    rateLimit: perSecond,
    ses: { maxMails: 20_000 },
  });
  await Promise.all([system.startIngress(), system.startWorker()]);
});
afterAll(async () => {
  await system.stop();
  await servers.stop();
  relay.close();
  await standby?.stop();
  await primary.server.stop();
  if (mayMount) unmount(disk);
  await primary.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => system.ses.record.reset());

/** What a send waits for while Postgres is unavailable: it could not look, or could not claim. */
const unavailable = /^(StoreUnavailable|DependencyUnavailable)/;

describe(`when ${crowd} emails are being sent and Postgres`, () => {
  it('is killed, is away for a while and comes back, each person gets one', async () => {
    const [all, latecomers] = [people(crowd), people(5, 'joan')];
    const runs = await flowing(all);
    await primary.server.kill('SIGKILL');
    const later = orders(latecomers);
    await sleep(awayMs);
    expect(accepted()).toBeLessThan(crowd);
    await restWaitsFor(all, runs, unavailable);
    await primary.server.start();
    await later;
    await everyoneHasOne([...all, ...latecomers]);
  });

  it('is frozen for longer than a statement may take, each person gets one', async () => {
    const all = people(crowd);
    const runs = await flowing(all);
    await primary.server.kill('SIGSTOP');
    try {
      await restWaitsFor(all, runs, unavailable);
      expect(accepted()).toBeLessThan(crowd);
    } finally {
      await primary.server.kill('SIGCONT');
    }
    await everyoneHasOne(all);
  });

  it('has no connection left, emails wait, and each person gets one when there are some again', async () => {
    const all = people(crowd);
    const runs = await flowing(all);
    relay.cut();
    const hogs = await takeAllConnections();
    try {
      await relay.mend();
      const before = accepted();
      await restWaitsFor(all, runs, unavailable);
      expect(accepted() - before).toBeLessThan(20); // what was with the provider already
    } finally {
      await Promise.all(hogs.map((hog) => hog.end()));
    }
    await everyoneHasOne(all);
  });

  it.runIf(mayMount)('has a full disk (skipped where no small disk can be mounted), nothing is lost', async () => {
    const [all, latecomers] = [people(crowd), people(5, 'joan')];
    await flowing(all);
    const makeRoom = fillDisk(disk);
    try {
      await orders(latecomers);
      const log = () => readFileSync(join(disk, 'postgres.log'), 'utf8');
      await expect.poll(log, { timeout: 60_000 }).toContain('No space left on device');
      await sleep(2_000);
    } finally {
      makeRoom();
    }
    await primary.server.start(); // it ends when it cannot write its log
    await everyoneHasOne([...all, ...latecomers]);
  });

  it.each(['sends-look', 'sends-claim', 'sends-accept'])(
    'has executed %s and its reply is lost, the email is sent once',
    async (statement) => {
      const [ada] = people(1) as [Person];
      const lost = relay.loseReplyTo(statement);
      const [run = ''] = await orders([ada]);
      await lost;
      expect(await system.client.workflow.getHandle(run).result()).toBe('sent');
      expect(emailsTo(ada)).toBe(1);
      expect(Object.values(system.ses.record.stats().byTag)).toEqual([1]);
    },
  );
});

describe(`a failover to a synchronous standby while ${crowd} emails are being sent`, () => {
  it('loses no claim: each person gets one, and the new primary has the record of each', async () => {
    standby = await startStandby(primary.url);
    const all = people(crowd);
    const runs = await flowing(all);
    await primary.server.kill('SIGKILL');
    await standby.promote();
    expect(accepted()).toBeLessThan(crowd);
    relay.retarget(new URL(standby.url).host);
    await everyoneHasOne(all);

    await Promise.all(runs.map((run) => system.client.workflow.getHandle(run).result()));
    const sent = async () => {
      const rows = await system.postgres.query<{ count: number }>(
        {
          name: 'failover-sent',
          text: `SELECT count(*) FROM send WHERE state = 'accepted' AND user_id = ANY ($1)`,
        },
        [all.map(({ user_id }) => user_id)],
      );
      return rows[0]?.count;
    };
    await expect.poll(sent, { timeout: 60_000 }).toBe(crowd);
  });
});

/** Opens connections of its own until Postgres refuses one. */
async function takeAllConnections(): Promise<Client[]> {
  const taken: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: primary.url });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
    } catch (error) {
      if ((error as { code?: string }).code !== '53300') throw error;
      // Those that the relay cut may still be ending.
      if (taken.length >= connections) return taken;
      await sleep(100);
    }
  }
}
