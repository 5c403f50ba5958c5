import { beforeEach, describe, expect, it } from 'vitest';

import { type FeedProgress, minuteOf } from '../../store/feed.ts';
import { createFeedProgress as inMemory } from '../../store/memory/feed.ts';
import { createFeedProgress } from '../../store/postgres/feed.ts';
import { ownDatabase } from '../support/database.ts';

const database = ownDatabase(8);
const minute = 60_000;
const day = 86_400_000;

interface Implementation {
  feed: FeedProgress;
  /** Time passes for the leases. */
  later(ms: number): Promise<unknown>;
}

async function inPostgres(): Promise<Implementation> {
  const empty = { name: 'test-empty-feed', text: 'TRUNCATE feed_reader, feed_minute' };
  await database.postgres.query(empty);
  const text = `UPDATE feed_reader SET lease_until = lease_until - $1::bigint * interval '1 ms'`;
  const later = (ms: number) => database.postgres.query({ name: 'test-age-leases', text }, [ms]);
  return { feed: createFeedProgress(database.postgres), later };
}

async function memory(): Promise<Implementation> {
  let now = Date.now();
  return { feed: inMemory(() => now), later: async (ms) => (now += ms) };
}

describe.each([
  ['Postgres', inPostgres],
  ['memory', memory],
])('the feed in %s', (_, create) => {
  let feed: FeedProgress;
  let later: Implementation['later'];
  beforeEach(async () => {
    ({ feed, later } = await create());
  });

  const lagOf = async () => {
    const { readUntil = 0 } = await feed.since(0);
    return Math.round((Date.now() - readUntil) / 10_000) * 10_000;
  };

  it('says nothing before anybody has read it', async () => {
    expect(await feed.since(Date.now())).toEqual({ laterReported: 0, slowestMs: 0 });
  });

  it('has been read as far as the ingress that is furthest behind', async () => {
    await feed.progress('one', 20_000);
    await feed.progress('other', 300_000);
    expect(await lagOf()).toBe(300_000);
    await feed.progress('other', 0);
    expect(await lagOf()).toBe(20_000);
    await feed.leave('one');
    expect(await lagOf()).toBe(0);
    await feed.leave('other');
    expect(await feed.since(0)).not.toHaveProperty('readUntil');
  });

  it('an ingress that is silent counts for the thirty seconds of its lease', async () => {
    await feed.progress('dead', 300_000);
    await later(29_000);
    await feed.progress('alive', 0);
    expect((await feed.since(0)).readUntil).toBeLessThan(Date.now() - 200_000);
    await later(1_100);
    expect((await feed.since(0)).readUntil).toBeGreaterThan(Date.now() - 200_000);
  });

  it('counts the reported emails of later minutes, and knows the slowest report', async () => {
    const now = Date.now();
    const at = (ago: number, reported: number, slowestMs: number) => ({
      minute: minuteOf(now - ago * minute),
      reported,
      slowestMs,
    });
    await feed.reported([at(5, 3, 900), at(3, 2, 100)]);
    await feed.reported([at(3, 4, 700), at(1, 1, 50)]);
    await feed.reported([]);
    expect(await feed.since(now - 6 * minute)).toEqual({ laterReported: 10, slowestMs: 900 });
    expect(await feed.since(now - 5 * minute)).toEqual({ laterReported: 7, slowestMs: 900 });
    expect((await feed.since(minuteOf(now - 3 * minute))).laterReported).toBe(1);
    expect((await feed.since(minuteOf(now - 3 * minute) - 1)).laterReported).toBe(7);
    expect((await feed.since(now)).laterReported).toBe(0);
  });

  it('forgets after three days how slow a report was', async () => {
    await feed.reported([{ minute: minuteOf(Date.now() - 3 * day - minute), reported: 1, slowestMs: 3_600_000 }]);
    expect(await feed.since(0)).toEqual({ laterReported: 1, slowestMs: 0 });
  });
});

describe('the feed in Postgres, further', () => {
  beforeEach(inPostgres);

  it('adds up what eight ingresses report at the same time, in any order', async () => {
    const feed = createFeedProgress(database.postgres);
    const now = Date.now();
    const minutes = Array.from({ length: 300 }, (_, index) => minuteOf(now - index * minute));
    const said = minutes.map((minute, slowestMs) => ({ minute, reported: 1, slowestMs }));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 8 }, (_, index) => feed.reported(index % 2 ? said : said.toReversed())));
    }
    expect(await feed.since(now - 600 * minute)).toEqual({ laterReported: 12_000, slowestMs: 299 });
  });

  it('leaves out a report about an email of months ago, for which there may be no month', async () => {
    const feed = createFeedProgress(database.postgres);
    await feed.reported([{ minute: minuteOf(Date.now() - 200 * day), reported: 1, slowestMs: 1 }]);
    expect((await feed.since(0)).laterReported).toBe(0);
  });

  it('an ingress that is long gone leaves no row behind', async () => {
    const { feed, later } = await inPostgres();
    await feed.progress('gone', 0);
    await later(3_700_000);
    await feed.progress('alive', 0);
    const rows = await database.postgres.query({ name: 'test-readers', text: 'SELECT ingress FROM feed_reader' });
    expect(rows).toEqual([{ ingress: 'alive' }]);
  });
});
