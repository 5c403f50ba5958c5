import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { createSuppressions, type PostgresSuppressions } from '../../store/postgres/suppressions.ts';
import { createSuppressionMirror, withMirror } from '../../store/redis/suppression-mirror.ts';
import type { SuppressionMirror } from '../../store/suppression-mirror.ts';
import type { Suppression, Suppressions } from '../../store/suppressions.ts';
import { ownDatabase } from '../support/database.ts';
import { day, monday } from '../support/people-stores.ts';
import { serversOfThisFile } from '../support/scene.ts';

const own = ownDatabase(8);
const connected = serversOfThisFile();
const manual: Suppression = { reason: 'manual', scope: 'all', since: monday, source: 'operator' };
const bounce: Suppression = { reason: 'hard_bounce', scope: 'all', since: monday, source: 'feedback' };

let prefix: string;
let record: PostgresSuppressions;
let mirror: SuppressionMirror;
let suppressions: Suppressions;
let errors: unknown[];
let ada: string;

beforeEach(async () => {
  await own.postgres.query({ name: 'empty', text: 'TRUNCATE suppression, address' });
  prefix = `mirror-[${randomUUID()}]*:`;
  record = createSuppressions(own.postgres);
  mirror = createSuppressionMirror(connected.redis, prefix, record);
  errors = [];
  suppressions = withMirror(record, mirror, (error) => errors.push(error));
  ada = randomUUID();
});

const keyOf = (hash: string) => `${prefix}suppression:${hash}`;
/** What another sender reads about an address. */
async function read(hash: string): Promise<Record<string, unknown>> {
  const { version: _, ...fields } = await connected.redis.hgetall(keyOf(hash));
  return Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, JSON.parse(text) as unknown]));
}

describe('the mirror of the suppressions in Redis', () => {
  it('has each change as soon as it is made, in every scope', async () => {
    await suppressions.add(ada, bounce);
    await suppressions.add(ada, { ...manual, until: Date.now() + day });
    await suppressions.add(ada, { ...manual, scope: 'marketing' });
    expect(await read(ada)).toEqual({
      'hard_bounce:all': bounce,
      'manual:all': { ...manual, until: expect.any(Number) },
      'manual:marketing': { ...manual, scope: 'marketing' },
    });
    expect(await connected.redis.pttl(keyOf(ada))).toBe(-1);
    await suppressions.lift(ada, 'manual');
    expect(await read(ada)).toEqual({ 'hard_bounce:all': bounce });
    await suppressions.lift(ada);
    expect(await read(ada)).toEqual({});
    expect(errors).toEqual([]);
  });

  it('keeps an address no longer than its last suppression, and for a moment after it was lifted', async () => {
    const until = Date.now() + day;
    await suppressions.add(ada, { ...manual, until });
    await suppressions.add(ada, { ...bounce, until: until - 1 });
    expect(Date.now() + (await connected.redis.pttl(keyOf(ada)))).toBeCloseTo(until, -4);
    await suppressions.lift(ada);
    expect(await connected.redis.pttl(keyOf(ada))).toBeGreaterThan(0);
    expect(await connected.redis.pttl(keyOf(ada))).toBeLessThan(120_000);
  });

  it('ten changes of one address at the same time leave it as the record is', async () => {
    const reasons = ['manual', 'complaint', 'hard_bounce', 'soft_bounces', 'invalid_address'] as const;
    await Promise.all(
      reasons.flatMap((reason) => [suppressions.add(ada, { ...manual, reason }), suppressions.lift(ada, reason)]),
    );
    const expected = await record.of(ada);
    expect(await read(ada)).toEqual(Object.fromEntries(expected.map((each) => [`${each.reason}:${each.scope}`, each])));
  });

  it.each(['one reason', 'everything'])(
    'an older write that arrives after %s was lifted replaces nothing',
    async (what) => {
      await record.add(ada, manual);
      const reads = [await record.snapshots([ada])];
      await suppressions.add(ada, bounce);
      await suppressions.lift(ada, what === 'everything' ? undefined : 'manual');
      const snapshots = async () => reads.shift() ?? record.snapshots([ada]);
      await createSuppressionMirror(connected.redis, prefix, { ...record, snapshots }).write([ada]);
      expect(reads).toEqual([]);
      expect(await read(ada)).toEqual(what === 'everything' ? {} : { 'hard_bounce:all': bounce });
    },
  );

  it('a change that Redis does not take is in the record, is reported, and comes with the next comparison', async () => {
    const broken = withMirror(record, { write: () => Promise.reject(new Error('away')) }, (error) =>
      errors.push(error),
    );
    expect(await broken.add(ada, manual)).toBe(true);
    expect(errors).toMatchObject([{ message: 'away' }]);
    expect(await record.of(ada)).toEqual([manual]);
    expect(await read(ada)).toEqual({});
    expect(await mirror.reconcile()).toBe(1);
    expect(await read(ada)).toEqual({ 'manual:all': manual });
  });
});

describe('the comparison of the mirror with the record', () => {
  it('fills an empty Redis, takes away what the record no longer has, and leaves other keys alone', async () => {
    const hashes = Array.from({ length: 1_203 }, () => randomUUID());
    for (const hash of hashes) await record.add(hash, manual);
    await mirror.write([ada]);
    await connected.redis.hset(keyOf(ada), 'version', 7, 'manual:all', JSON.stringify(manual));
    await connected.redis.hset(`mirror-[${randomUUID()}]*:suppression:${ada}`, 'manual:all', 'of another installation');
    await suppressions.add(hashes[0]!, bounce);
    await connected.redis.hdel(keyOf(hashes[0]!), 'manual:all', 'version');
    const pages: number[] = [];
    expect(await mirror.reconcile((written) => pages.push(written))).toBe(1_203);
    expect(pages.slice(0, 2)).toEqual([1_000, 1_203]);
    expect(await read(ada)).toEqual({});
    expect(await read(hashes[0]!)).toEqual({ 'manual:all': manual, 'hard_bounce:all': bounce });
    expect(await read(hashes.at(-1)!)).toEqual({ 'manual:all': manual });
  });

  it('follows a record that was restored from a backup, whose versions are lower', async () => {
    for (const each of [manual, bounce, { ...manual, reason: 'complaint' } as const]) await suppressions.add(ada, each);
    await own.postgres.query({ name: 'restore', text: "DELETE FROM suppression WHERE reason <> 'manual'" });
    await own.postgres.query({ name: 'restore-version', text: 'UPDATE address SET version = 1' });
    await mirror.reconcile();
    expect(await read(ada)).toEqual({ 'manual:all': manual });
  });
});
