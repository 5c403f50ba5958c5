import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import { createTemplateVersions as createMemoryVersions } from '../../store/memory/template-versions.ts';
import { createTemplateVersions as createPostgresVersions } from '../../store/postgres/template-versions.ts';
import { connectRedis, type Redis, redisReady } from '../../store/redis/connect.ts';
import { createNotifications } from '../../store/redis/notifications.ts';
import type { TemplateVersions } from '../../store/template-versions.ts';
import { ownDatabase } from '../support/database.ts';
import { note } from '../support/note-template.ts';

const own = ownDatabase(16);
let redis: Redis;
let other: Redis;
beforeAll(async () => {
  [redis, other] = [
    connectRedis({ url: inject('servers').redis }, () => {}),
    connectRedis({ url: inject('servers').redis }, () => {}),
  ];
  await Promise.all([redisReady(redis), redisReady(other)]);
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});

const act = { author: 'ada', message: 'why' };

interface Implementation {
  versions: TemplateVersions;
  /** The same templates as another process has them. */
  elsewhere: TemplateVersions;
}

const implementations: Record<string, () => Promise<Implementation>> = {
  async memory() {
    const versions = createMemoryVersions();
    return { versions, elsewhere: versions };
  },
  async Postgres() {
    for (const table of ['template', 'template_version', 'template_history', 'fact']) await sql(`DELETE FROM ${table}`);
    const prefix = `versions-${randomUUID()}:`;
    return {
      versions: createPostgresVersions(own.postgres, createNotifications(redis, prefix)),
      elsewhere: createPostgresVersions(own.postgres, createNotifications(other, prefix)),
    };
  },
};

function sql<Row extends object>(text: string): Promise<Row[]> {
  return own.postgres.query<Row>({ name: '', text });
}

describe.each(Object.entries(implementations))('published versions in %s', (kind, open) => {
  let versions: TemplateVersions;
  let elsewhere: TemplateVersions;
  beforeEach(async () => {
    ({ versions, elsewhere } = await open());
  });
  const live = async () => (await versions.live()).get('note');

  it('of 40 who publish at once are all kept, and the last of the history is live', async () => {
    const all = Array.from({ length: 40 }, (_, index) => `v${index}`);
    const outcomes = await Promise.all(
      all.map((version, index) =>
        (index % 2 ? versions : elsewhere).publish(note(version), { ...act, author: version }),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['live']));
    const history = await versions.history('note');
    expect(history.map(({ author }) => author).toSorted()).toEqual(all.toSorted());
    expect(await live()).toBe(history.at(-1)?.version);
    for (const version of all) expect(await versions.load('note', version)).toEqual(note(version));
  });

  it('of two who publish the same at once are one', async () => {
    const outcomes = await Promise.all([versions.publish(note('a'), act), elsewhere.publish(note('a'), act)]);
    expect(outcomes.toSorted()).toEqual(['live', 'unchanged']);
    expect(await versions.history('note')).toHaveLength(1);
  });

  it('are never overwritten: a version is what it was when it came first', async () => {
    await versions.publish(note('a', 'first'), act);
    await versions.publish(note('b'), act);
    await versions.publish(note('a', 'other words'), act);
    expect(await versions.load('note', 'a')).toEqual(note('a', 'first'));
  });

  it('that a rollback took back stay back until they are asked for', async () => {
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    expect(await versions.rollback('note', 'a', act)).toBe(true);
    expect(await versions.publish(note('b'), act)).toBe('taken_back');
    expect(await live()).toBe('a');
    expect(await versions.publish(note('b'), act, { again: true })).toBe('live');
    expect(await versions.publish(note('b'), act)).toBe('unchanged');
  });

  it('wait behind one that is pinned, and the newest of them is live when it is let go', async () => {
    await versions.publish(note('a'), act);
    await versions.pin('note', 'a', act);
    expect(await versions.publish(note('b'), act)).toBe('pinned');
    expect(await versions.publish(note('c'), act)).toBe('pinned');
    expect(await live()).toBe('a');
    expect(await versions.unpin('note', act)).toBe(true);
    expect(await live()).toBe('c');
    expect(await versions.unpin('note', act)).toBe(false);
  });

  it('that a rollback took back stay back behind one that is pinned too', async () => {
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    await versions.rollback('note', 'a', act);
    await versions.pin('note', 'a', act);
    expect(await versions.publish(note('b'), act)).toBe('pinned');
    await versions.unpin('note', act);
    expect(await live()).toBe('a');
    await versions.pin('note', 'a', act);
    await versions.publish(note('b'), act, { again: true });
    await versions.unpin('note', act);
    expect(await live()).toBe('b');
  });

  it('that are published again and again behind one that is pinned are noted once', async () => {
    await versions.publish(note('a'), act);
    await versions.pin('note', 'a', act);
    for (const version of ['b', 'b', 'b', 'c', 'c', 'b']) await versions.publish(note(version), act);
    expect((await versions.history('note')).map(({ version }) => version).join('')).toBe('aabcb');
    await versions.unpin('note', act);
    expect(await live()).toBe('b');
  });

  it('can be asked for what would become of one, and nothing changes', async () => {
    const dry = (version: string, how = {}) => versions.publish(note(version), act, { ...how, dryRun: true });
    expect(await dry('a')).toBe('live');
    expect(await versions.load('note', 'a')).toBeUndefined();
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    await versions.rollback('note', 'a', act);
    const before = await versions.history('note');
    expect([await dry('a'), await dry('b'), await dry('b', { again: true }), await dry('c')]).toEqual([
      'unchanged',
      'taken_back',
      'live',
      'live',
    ]);
    expect([await live(), await versions.history('note')]).toEqual(['a', before]);
    await versions.pin('note', 'a', act);
    expect(await dry('b', { again: true })).toBe('pinned');
    await versions.unpin('note', act);
    expect(await live()).toBe('a');
  });

  it('that were never published cannot be gone back to, or pinned', async () => {
    await versions.publish(note('a'), act);
    expect(await versions.rollback('note', 'zzz', act)).toBe(false);
    expect(await versions.pin('note', 'zzz', act)).toBe(false);
    expect(await live()).toBe('a');
    expect(await versions.history('note')).toHaveLength(1);
  });

  it('come first from one worker alone, however many start at once', async () => {
    const workers = Array.from({ length: 8 }, () => versions.publish(note('a'), act, { onlyFirst: true }));
    expect((await Promise.all(workers)).filter((outcome) => outcome === 'live')).toHaveLength(1);
    expect(await versions.publish(note('old'), act, { onlyFirst: true })).toBe('unchanged');
    expect(await live()).toBe('a');
  });

  it('of two templates do not touch each other', async () => {
    const other = { ...note('x'), name: 'other' };
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    await versions.publish(other, act);
    await versions.pin('other', 'x', act);
    await versions.rollback('note', 'a', act);
    expect([...(await versions.live())].toSorted()).toEqual([
      ['note', 'a'],
      ['other', 'x'],
    ]);
    expect([...(await versions.pinned())]).toEqual([['other', 'x']]);
    expect((await versions.history('other')).map(({ action }) => action)).toEqual(['publish', 'pin']);
  });

  it('have a history that says who did what, when and why', async () => {
    await versions.publish(note('a'), { author: 'ada', message: 'first' });
    await versions.publish(note('b'), { author: 'grace', message: 'second' });
    await versions.rollback('note', 'a', { author: 'ada', message: '' });
    const at = expect.any(Number);
    expect(await elsewhere.history('note')).toEqual([
      { action: 'publish', version: 'a', live: true, author: 'ada', message: 'first', at },
      { action: 'publish', version: 'b', live: true, author: 'grace', message: 'second', at },
      { action: 'rollback', version: 'a', live: true, author: 'ada', message: '', at },
    ]);
    expect(Math.abs(((await versions.history('note'))[0]?.at ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(await versions.history('nothing')).toEqual([]);
  });

  it('that become live are announced to the other processes, until one has heard enough', async () => {
    const changed = vi.fn<() => void>();
    const following = elsewhere.onChange(changed);
    await vi.waitFor(() => expect(kind === 'memory' || changed.mock.calls.length > 0).toBe(true));
    changed.mockClear();
    await versions.publish(note('a'), act);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act, { dryRun: true });
    await versions.pin('note', 'a', act);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    following.close();
    await versions.unpin('note', act);
    expect(changed).toHaveBeenCalledTimes(2);
  });
});

describe('published versions in Postgres', () => {
  const open = () => implementations['Postgres']!();

  it('are published, and wait for nobody, while Redis is unavailable', async () => {
    await open();
    const away = connectRedis({ url: 'redis://127.0.0.1:1' }, () => {});
    const versions = createPostgresVersions(own.postgres, createNotifications(away, 'away:'));
    expect(await versions.publish(note('a'), act)).toBe('live');
    expect((await versions.live()).get('note')).toBe('a');
    away.disconnect();
  });

  it('have a fact for each act that is in their history, and none else', async () => {
    const { versions } = await open();
    await versions.publish(note('a'), act);
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act, { dryRun: true });
    await versions.pin('note', 'a', act);
    await versions.publish(note('b'), act);
    await versions.rollback('note', 'b', act);
    await versions.unpin('note', act);
    const facts = await sql('SELECT what, template, template_version, details FROM fact ORDER BY tableoid, ctid');
    const of = (what: string, template_version: string, live = true) => {
      return { what, template: 'note', template_version, details: { live } };
    };
    expect(facts).toEqual([
      of('template_published', 'a'),
      of('template_pinned', 'a'),
      of('template_published', 'b', false),
      of('template_rolled_back', 'b'),
      of('template_unpinned', 'b'),
    ]);
  });

  it('are written as a whole or not at all: history and fact too', async () => {
    const { versions } = await open();
    await sql('ALTER TABLE fact ADD CONSTRAINT full_disk CHECK (false) NOT VALID');
    await expect(versions.publish(note('a'), act)).rejects.toThrow('full_disk');
    await sql('ALTER TABLE fact DROP CONSTRAINT full_disk');
    expect([...(await versions.live())]).toEqual([]);
    expect(await versions.load('note', 'a')).toBeUndefined();
    expect(await versions.history('note')).toEqual([]);
  });
});
