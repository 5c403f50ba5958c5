import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { monthlyTables } from '../../store/postgres/partitions.ts';
import { createAccount } from '../../store/redis/account.ts';
import { createRedisKeys } from '../../store/redis/keys.ts';
import { createProviderState } from '../../store/redis/provider.ts';
import { createSlots } from '../../store/redis/slots.ts';
import { ownDatabase } from '../support/database.ts';
import { serversOfThisFile } from '../support/scene.ts';

/** Nothing is kept without something that ends it, or a bound that is named here. */

const database = ownDatabase();

interface Table {
  name: string;
  kind: 'r' | 'p';
  partition: boolean;
  comment: string | null;
}

const tables = (): Promise<Table[]> =>
  database.postgres.query<Table>({
    name: 'test-tables',
    text: `SELECT c.relname AS name, c.relkind::text AS kind, c.relispartition AS partition, obj_description(c.oid, 'pg_class') AS comment
      FROM pg_class AS c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      ORDER BY c.relname`,
  });

/** node-pg-migrate's own: one row for each migration. */
const notOurs = ['migration'];

describe('every table', () => {
  it('says what ends its rows', async () => {
    const months = /_\d{4}_\d\d$/;
    const silent = (await tables())
      .filter(({ name }) => !notOurs.includes(name) && !months.test(name))
      .filter(({ comment }) => !/^ends: \S/.test(comment ?? ''));
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect((await tables()).length).toBeGreaterThan(20);
  });

  it('that ends by the month is known to what creates and drops the months, and no other is', async () => {
    const partitioned = (await tables()).filter(({ kind }) => kind === 'p').map(({ name }) => name);
    const byMonth = (await tables()).filter(({ comment }) => comment?.startsWith('ends: by the month'));
    const known = monthlyTables({ sendsMs: 1, eventsMs: 1 }).map(({ name }) => name);
    expect(byMonth.map(({ name }) => name)).toEqual(partitioned);
    expect(known.toSorted()).toEqual(partitioned);
  });

  it('that is kept by the month has the months of a new database', async () => {
    const all = (await tables()).filter(({ partition }) => partition).map(({ name }) => name);
    for (const { name, monthsAhead } of monthlyTables({ sendsMs: 1, eventsMs: 1 })) {
      const months = all.filter((partition) => new RegExp(`^${name}_\\d{4}_\\d\\d$`).test(partition));
      expect(months.length).toBeGreaterThan(monthsAhead);
    }
  });
});

describe('every Redis key', () => {
  const servers = serversOfThisFile();

  it('ends by itself, once the parts that write it have been used', async () => {
    const prefix = `lifetimes-${randomUUID()}:`;
    const keys = createRedisKeys(prefix);
    const slots = createSlots(servers.redis, keys, { perSecond: 1, quotaReserve: 0 });
    for (const lane of ['marketing', 'transactional'] as const) {
      for (let i = 0; i < 5; i++) await slots.take(`${lane}-${i}`, { lane, since: i });
      await slots.park(lane, 1_000);
    }
    const account = createAccount(servers.redis, keys, 1);
    await account.throttled();
    await account.readingIsDue(1_000);
    await account.readingTurn();
    const provider = createProviderState(servers.redis, keys);
    await provider.noteAccepted();
    await provider.takeCanary('tag');

    const written = await servers.redis.keys(`${prefix}*`);
    const lanes = ['marketing', 'transactional'] as const;
    const named = [
      keys.account(),
      keys.accepted(),
      keys.canary(),
      keys.pace(),
      keys.slots(),
      keys.turn('account'),
      keys.turn('reading'),
      ...lanes.flatMap((lane) => [keys.queue(lane), keys.expected(lane), keys.parked(lane)]),
    ];
    expect(written.filter((key) => !named.includes(key))).toEqual([]);
    expect(written.length).toBeGreaterThan(8);
    const lives = await Promise.all(written.map((key) => servers.redis.pttl(key)));
    expect(written.filter((_, index) => lives[index]! < 0)).toEqual([]);
  });
});
