import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import { createKeys } from '../state/keys.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createTemplateVersions, type TemplateVersions } from '../state/template-versions.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { followTemplates, type LiveTemplates } from '../worker/live-templates.ts';

const act = { author: 'ada', message: 'why' };
let redis: Redis;
let other: Redis;
let versions: TemplateVersions;
/** The same templates as another process has them. */
let elsewhere: TemplateVersions;

beforeAll(async () => {
  [redis, other] = [connectRedis(inject('servers').redis, () => {}), connectRedis(inject('servers').redis, () => {})];
  await Promise.all([redisReady(redis), redisReady(other)]);
});
afterAll(() => {
  redis.disconnect();
  other.disconnect();
});
beforeEach(() => {
  const keys = createKeys(`versions-${randomUUID()}:`, '5ec7e75e'.repeat(8));
  versions = createTemplateVersions(redis, keys);
  elsewhere = createTemplateVersions(other, keys);
});

const note = (version: string, subject = `of ${version}`): CompiledTemplate => ({
  name: 'note',
  version,
  class: 'transactional',
  events: [],
  defaultLocale: 'en',
  variants: {
    en: {
      subject,
      preheader: '',
      html: '<p>x</p>',
      text: 'x',
      textIsDerived: true,
      file: 'note/mail.mjml',
      sample: { person: {}, event: {} },
    },
  },
  sources: {},
});
const live = async () => (await versions.live()).get('note');

describe('published versions', () => {
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
});

describe('a worker', () => {
  const log = { info: vi.fn<() => void>(), warn: vi.fn<() => void>() };
  const following: LiveTemplates[] = [];
  afterAll(() => following.forEach((one) => one.close()));
  const follow = async (cacheTtlMs = 3_600_000, of: Parameters<typeof followTemplates>[0] = versions) => {
    const templates = await followTemplates(of, cacheTtlMs, log);
    following.push(templates);
    return templates;
  };
  const subjectIn = async (templates: LiveTemplates, ...what: [string, string?]) =>
    (await templates.find(...what))?.compiled.variants['en']?.subject;

  it('has another version at once, by being told, and the one before as soon as that is taken back', async () => {
    await versions.publish(note('a'), act);
    const worker = await follow();
    expect(await subjectIn(worker, 'note')).toBe('of a');
    await elsewhere.publish(note('b'), act);
    await vi.waitFor(async () => expect(await subjectIn(worker, 'note')).toBe('of b'), { timeout: 2_000 });
    await elsewhere.rollback('note', 'a', act);
    await vi.waitFor(async () => expect(await subjectIn(worker, 'note')).toBe('of a'), { timeout: 2_000 });
  });

  it('looks by itself when it was not told', async () => {
    await versions.publish(note('a'), act);
    const worker = await follow(20, { ...versions, onChange: () => ({ close: () => undefined }) });
    await versions.publish(note('b'), act);
    await vi.waitFor(async () => expect(await subjectIn(worker, 'note')).toBe('of b'));
  });

  it('keeps a mail at the version that it began with, and a journey at the one that it names', async () => {
    await versions.publish(note('a'), act);
    const worker = await follow();
    await versions.publish(note('b'), act);
    await vi.waitFor(async () => expect(await subjectIn(worker, 'note')).toBe('of b'));
    expect(await subjectIn(worker, 'note', 'a')).toBe('of a');
    expect(await subjectIn(worker, 'note@a')).toBe('of a');
    expect(await worker.find('note@zzz')).toBeUndefined();
  });

  it('goes on with what it knows while Redis is away, and asks Redis once for a version', async () => {
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    const load = vi.fn<TemplateVersions['load']>(versions.load);
    const worker = await follow(5, { ...versions, load, live: vi.fn<TemplateVersions['live']>(versions.live) });
    for (let mail = 0; mail < 50; mail++) expect(await subjectIn(worker, 'note')).toBe('of b');
    expect(load).toHaveBeenCalledTimes(1);

    let away = false;
    const failing = async () => {
      if (away) throw new Error('Redis is away');
      return versions.live();
    };
    const other = await follow(5, { ...versions, live: failing });
    expect(await subjectIn(other, 'note')).toBe('of b');
    away = true;
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalled());
    expect(await subjectIn(other, 'note')).toBe('of b');
  });

  it('has the templates of the files published again when Redis has lost all', async () => {
    await versions.publish(note('a'), act);
    const changed = new Set<() => void>();
    const onChange = (listen: () => void) => {
      changed.add(listen);
      return { close: () => undefined };
    };
    let lost = false;
    const live = async () => (lost ? new Map<string, string>() : versions.live());
    const republish = vi.fn<() => Promise<void>>(async () => void (lost = false));
    const worker = await followTemplates({ ...versions, onChange, live }, 3_600_000, log, republish);
    lost = true;
    for (const tell of changed) tell();
    await vi.waitFor(() => expect(republish).toHaveBeenCalledTimes(1));
    expect(await subjectIn(worker, 'note')).toBe('of a');
    worker.close();
  });

  it('finds a template that is published for the first time after it started', async () => {
    const worker = await follow();
    expect(await worker.find('note')).toBeUndefined();
    await versions.publish(note('a'), act);
    expect(await subjectIn(worker, 'note')).toBe('of a');
  });
});
