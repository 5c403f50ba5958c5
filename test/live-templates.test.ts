import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import { createTemplateVersions } from '../store/postgres/template-versions.ts';
import { connectRedis, type Redis, redisReady } from '../store/redis/connect.ts';
import { createNotifications } from '../store/redis/notifications.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { followTemplates, type LiveTemplates } from '../worker/live-templates.ts';
import { ownDatabase } from './support/database.ts';
import { note } from './support/note-template.ts';

const own = ownDatabase();
const act = { author: 'ada', message: 'why' };
let redis: Redis;
let other: Redis;
let versions: TemplateVersions;
/** The same templates as another process has them. */
let elsewhere: TemplateVersions;

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
beforeEach(async () => {
  for (const table of ['template', 'template_version', 'template_history'])
    await own.postgres.query({ name: '', text: `DELETE FROM ${table}` });
  const prefix = `live-templates-${randomUUID()}:`;
  versions = createTemplateVersions(own.postgres, createNotifications(redis, prefix));
  elsewhere = createTemplateVersions(own.postgres, createNotifications(other, prefix));
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

  it('keeps using what it knows while Postgres is unavailable, and asks for a version once', async () => {
    await versions.publish(note('a'), act);
    await versions.publish(note('b'), act);
    const load = vi.fn<TemplateVersions['load']>(versions.load);
    const worker = await follow(5, { ...versions, load, live: vi.fn<TemplateVersions['live']>(versions.live) });
    for (let mail = 0; mail < 50; mail++) expect(await subjectIn(worker, 'note')).toBe('of b');
    expect(load).toHaveBeenCalledTimes(1);

    let away = false;
    const failing = async () => {
      if (away) throw new Error('Postgres is unavailable');
      return versions.live();
    };
    const other = await follow(5, { ...versions, live: failing });
    expect(await subjectIn(other, 'note')).toBe('of b');
    away = true;
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalled());
    expect(await subjectIn(other, 'note')).toBe('of b');
  });

  it('has the templates of the files published again when they are gone, as after a restore from an older backup', async () => {
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

  it('is not set back by an answer that comes after a newer one', async () => {
    await versions.publish(note('a'), act);
    const changed = new Set<() => void>();
    const onChange = (listen: () => void) => {
      changed.add(listen);
      return { close: () => undefined };
    };
    let answerLate: (() => void) | undefined;
    const live = async () => {
      const now = await versions.live();
      if (late) await new Promise<void>((resolve) => (answerLate = resolve));
      return now;
    };
    let late = false;
    const worker = await follow(3_600_000, { ...versions, onChange, live });
    late = true;
    for (const tell of changed) tell();
    await vi.waitFor(() => expect(answerLate).toBeDefined());
    late = false;
    await versions.publish(note('b'), act);
    for (const tell of changed) tell();
    answerLate?.();
    await vi.waitFor(async () => expect(await subjectIn(worker, 'note')).toBe('of b'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await subjectIn(worker, 'note')).toBe('of b');
  });

  it('finds a template that is published for the first time after it started', async () => {
    const worker = await follow();
    expect(await worker.find('note')).toBeUndefined();
    await versions.publish(note('a'), act);
    expect(await subjectIn(worker, 'note')).toBe('of a');
  });
});
