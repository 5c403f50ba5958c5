import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { asRole } from '../support/database.ts';
import { orderCompleted, person } from '../support/events.ts';
import { skippedWithout } from '../support/installed.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { type RedisNode, startCluster, startSentinels } from '../support/redis-servers.ts';
import { startSystem, type System } from '../support/system.ts';

const reason = skippedWithout('redis-server', 'pgbouncer');
const perSecond = 40;
const orders = 80;

/**
 * The whole product through PgBouncer, as rivulet_app, while the primary Redis is killed under load. Between slot and provider lie two
 * processes and Postgres, so a quarter is allowed for; test/store/redis-failover.test.ts has the exact limit.
 */
describe.skipIf(reason !== '')(`${orders} orders, when the primary Redis is killed meanwhile${reason}`, () => {
  let system: System;
  let pooler: PgBouncer;
  const pooled = () => ({
    POSTGRES_URL: pooler.through(asRole(system.place.postgres, 'rivulet_app')),
    POSTGRES_MIGRATION_URL: pooler.through(asRole(system.place.postgres, 'rivulet_owner')),
  });

  beforeAll(async () => {
    system = await startSystem(inject('servers'), { rateLimit: perSecond, settleAfter: '15s', probeEvery: '1s' });
    pooler = await startPgBouncer(inject('servers').postgres, { connections: 5 });
    await system.startIngress(pooled());
  }, 60_000);
  afterAll(async () => {
    await system.stop();
    await pooler.stop();
  });

  async function sendThroughFailover(url: string, primary: (key: string) => Promise<RedisNode>): Promise<void> {
    system.ses.record.reset();
    const worker = await system.startWorker({ ...pooled(), REDIS_URL: url });
    const people = Array.from({ length: orders }, (_, index) => person(`buyer-${index}`));
    for (const each of people) await system.publish(orderCompleted(each));
    const accepted = () => system.ses.record.stats().accepted;
    await expect.poll(accepted, { timeout: 30_000, interval: 20 }).toBeGreaterThan(orders / 5);
    const old = await primary(system.keys.pace());
    await old.server.kill('SIGKILL');
    await expect.poll(accepted, { timeout: 60_000, interval: 100 }).toBe(orders);
    expect((await primary(system.keys.pace())).port).not.toBe(old.port);
    expect(people.map(({ email }) => system.ses.mailbox.list({ to: email }).length)).toEqual(people.map(() => 1));
    expect(system.ses.record.stats().busiestWindow.count).toBeLessThanOrEqual(perSecond * 1.25 + 4);
    await worker.stop();
  }

  it('are one email each, with Sentinels', async () => {
    const sentinels = await startSentinels();
    await sendThroughFailover(sentinels.url, sentinels.primary);
    await sentinels.stop();
  }, 120_000);

  it('are one email each, with a Cluster', async () => {
    const cluster = await startCluster();
    await sendThroughFailover(cluster.url, cluster.primaryOf);
    await cluster.stop();
  }, 120_000);
});
