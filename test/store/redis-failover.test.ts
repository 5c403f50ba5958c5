import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { connectRedis, primariesOf, type Redis, redisReady } from '../../store/redis/connect.ts';
import { createNotifications } from '../../store/redis/notifications.ts';
import { readTopology } from '../../store/redis/topology.ts';
import type { Lane } from '../../store/slots.ts';
import { skippedWithout } from '../support/installed.ts';
import { useEverything } from '../support/redis-use.ts';
import { type RedisNode, startCluster, startSentinels } from '../support/redis-servers.ts';
import { accountOf, emails, mostInOneSecond, sendPatiently, subjectTo } from '../support/slots.ts';

const reason = skippedWithout('redis-server');
const perSecond = 250;
const open: Redis[] = [];
afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});

async function connected(url: string): Promise<Redis> {
  const redis = connectRedis({ url }, () => {});
  open.push(redis);
  await redisReady(redis);
  return redis;
}

/**
 * Six hundred emails of both lanes wait for slots while the primary of their keys is killed. Each is counted when its slot is granted,
 * whether or not the reply arrives.
 */
async function failOverUnderLoad(url: string, primary: (key: string) => Promise<RedisNode>) {
  const [redis, other] = [await connected(url), await connected(url)];
  const { here, there, keys } = accountOf(perSecond, redis, other);
  const failed: Record<Lane, number> = { transactional: 0, marketing: 0 };
  const sent: number[] = [];
  const sending = emails(600).map(async (id, i) => {
    const lane = i % 4 === 0 ? 'transactional' : 'marketing';
    sent.push(await sendPatiently(i % 2 ? here : there, i % 2 ? redis : other, id, subjectTo(lane, i), failed));
  });
  await expect.poll(() => sent.length, { interval: 10, timeout: 20_000 }).toBeGreaterThan(100);
  const old = await primary(keys.pace());
  await old.server.kill('SIGKILL');
  await Promise.all(sending);
  const current = await primary(keys.pace());
  await old.server.start();
  return { sent, failed, old: old.port, current: current.port };
}

/** The rate, 2 % of a second that are caught up, and two emails; both once more for the failover. */
const mostAllowed = perSecond + 2 * (0.02 * perSecond + 2);

function expectRate({ sent, failed, old, current }: Awaited<ReturnType<typeof failOverUnderLoad>>): void {
  expect(current).not.toBe(old);
  expect(sent).toHaveLength(600);
  expect(failed.transactional + failed.marketing).toBeGreaterThan(0);
  expect(mostInOneSecond(sent)).toBeLessThanOrEqual(mostAllowed);
}

describe.skipIf(reason !== '')(`with Sentinels${reason}`, () => {
  let sentinels: Awaited<ReturnType<typeof startSentinels>>;
  beforeAll(async () => {
    sentinels = await startSentinels();
  }, 60_000);
  afterAll(() => sentinels.stop());

  it('six hundred emails are all sent at the configured rate when the primary is killed', async () => {
    expectRate(await failOverUnderLoad(sentinels.url, sentinels.primary));
  }, 60_000);

  it('its servers are known', async () => {
    const topology = async () => readTopology(await connected(sentinels.url), sentinels);
    const all = { kind: 'sentinel', primaries: 1, replicas: 2, state: 'ok' };
    await expect.poll(topology, { timeout: 20_000, interval: 200 }).toEqual(all); // the old primary follows the new one
  });

  it('a notification arrives after a failover', async () => {
    const redis = await connected(sentinels.url);
    const { publish, subscribe } = createNotifications(redis, 'test:');
    let changes = 0;
    const subscription = subscribe('templates', () => (changes += 1));
    await expect.poll(() => changes, { timeout: 10_000 }).toBe(1);
    await publish('templates');
    await expect.poll(() => changes).toBe(2);
    subscription.close();
  });
});

describe.skipIf(reason !== '')(`with a Cluster of six nodes${reason}`, () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  it('everything that touches Redis works: slots, account, provider, and the mirror of suppressions', async () => {
    const redis = await connected(cluster.url);
    await useEverything(redis, 'rivulet:');
    expect(await readTopology(redis, cluster)).toEqual({ kind: 'cluster', primaries: 3, replicas: 3, state: 'ok' });
    const hashes = await Promise.all(
      primariesOf(redis).map(async (node) => (await node.keys('rivulet:suppression:*')).length),
    );
    expect(hashes.filter((count) => count > 0).length).toBeGreaterThan(1); // they are on several nodes
  });

  it('six hundred emails are all sent at the configured rate when the primary of their keys is killed', async () => {
    expectRate(await failOverUnderLoad(cluster.url, cluster.primaryOf));
  }, 60_000);

  it('a notification reaches another process through another node, also after the death of the one it listens at', async () => {
    const [redis, other] = [await connected(cluster.url), await connected(cluster.url)];
    const { publish } = createNotifications(redis, 'test:');
    let changes = 0;
    const subscription = createNotifications(other, 'test:').subscribe('templates', () => (changes += 1));
    await expect.poll(() => changes, { timeout: 10_000 }).toBe(1);
    await publish('templates');
    await expect.poll(() => changes).toBe(2);
    const node = await cluster.primaryOf('any');
    await node.server.kill('SIGKILL');
    const publishing = async () => {
      await publish('templates');
      return changes;
    };
    await expect.poll(publishing, { timeout: 20_000, interval: 100 }).toBeGreaterThan(3);
    await node.server.start();
    subscription.close();
  }, 60_000);
});
