import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createTemplateVersions } from '../store/postgres/template-versions.ts';
import { createNotifications } from '../store/redis/notifications.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { templateNames } from '../templates/names.ts';
import { compiledCli } from './support/compiled-cli.ts';
import { ownDatabase } from './support/database.ts';

const servers = inject('servers');
const own = ownDatabase();
let redis: Redis;
let folder: string;
let versions: TemplateVersions;

beforeAll(() => {
  redis = new Redis(servers.redis);
  folder = mkdtempSync(join(tmpdir(), 'rivulet-cli-templates-'));
  cpSync(fileURLToPath(new URL('../templates', import.meta.url)), join(folder, 'templates'), { recursive: true });
  const key_prefix = `cli-templates-${randomUUID()}:`;
  writeFileSync(join(folder, 'rivulet.yaml'), JSON.stringify({ suppression: { key_prefix } }));
  versions = createTemplateVersions(own.postgres, createNotifications(redis, key_prefix));
});
afterAll(() => {
  redis.disconnect();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command as somebody does who owns the words: without RIVULET_SECRET. */
function rivulet(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const mine = {
    REDIS_URL: servers.redis,
    POSTGRES_URL: own.url,
    RIVULET_CONFIG: join(folder, 'rivulet.yaml'),
    RIVULET_SECRET: '',
    RIVULET_AUTHOR: 'grace',
  };
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...mine } };
    execFile(process.execPath, [compiledCli, 'templates', ...args], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const files = new Map<string, string>();
function edit(file: string, from: string | RegExp, to: string): void {
  const path = join(folder, 'templates', file);
  const text = readFileSync(path, 'utf8');
  if (!files.has(file)) files.set(file, text);
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}
function restore(file: string): void {
  writeFileSync(join(folder, 'templates', file), files.get(file) ?? '');
}

const live = async (name: string) => (await versions.live()).get(name) ?? 'none';

describe('Grace, who owns the words,', () => {
  let [first, second, third] = ['', '', ''];

  it('publishes all templates, and each says what became of it', async () => {
    const { code, out, err } = await rivulet('publish', '-m', 'first words');
    expect([code, err]).toEqual([0, '']);
    expect(out.match(/ {2}live \(its first version\)$/gm)).toHaveLength(templateNames.length);
    expect([...(await versions.live()).keys()].toSorted()).toEqual([...templateNames].toSorted());
    first = await live('welcome');
    const again = await rivulet('publish');
    expect(again.out.match(/ {2}unchanged$/gm)).toHaveLength(templateNames.length);
  });

  it('sees what would change, then makes it live, with her name, the time and her reason', async () => {
    edit('welcome/mail.mjml', 'Most people start with a project', 'Begin with a project');
    const { out } = await rivulet('diff', 'welcome');
    expect(out).toMatch(
      new RegExp(`^welcome: ${first} \\(live\\) -> [0-9a-f]{12} \\(files\\)\\n\\n--- welcome/mail.mjml\\n`),
    );
    expect(out.match(/^[-+].*/gm)?.map((line) => line.slice(0, 24))).toEqual([
      '--- welcome/mail.mjml',
      '-    <mj-text>Most peopl',
      '+    <mj-text>Begin with',
    ]);

    expect((await rivulet('publish', 'welcome', '--dry-run')).out).toMatch(/ would be live \(before: [0-9a-f]{12}\)/);
    expect(await live('welcome')).toBe(first);

    expect((await rivulet('publish', 'welcome', '-m', 'shorter')).code).toBe(0);
    second = await live('welcome');
    expect(second).not.toBe(first);
    const history = await versions.history('welcome');
    expect(history.at(-1)).toMatchObject({ author: 'grace', message: 'shorter', action: 'publish', version: second });
    expect(Math.abs((history.at(-1)?.at ?? 0) - Date.now())).toBeLessThan(60_000);
    const shown = await rivulet('show', `welcome@${first.slice(0, 4)}`);
    expect(shown.out).toContain(`welcome ${first}\n  class         marketing, topic onboarding`);
    expect(shown.out).toMatch(new RegExp(`is +not live; ${second} is`));
    expect(shown.out).toMatch(/publish +[0-9a-f]{12} {2}grace: shorter$/m);
    expect((await rivulet('list')).out).toMatch(new RegExp(`welcome +${second} +\\d{4}-.* UTC +grace +shorter +2`));
    expect((await rivulet('diff', 'welcome', first, second)).out).toContain('+    <mj-text>Begin with');
  });

  it('goes back one step, twice two, and what was taken back does not come again by itself', async () => {
    edit('welcome/mail.mjml', 'Begin with a project', 'A project comes first');
    await rivulet('publish', 'welcome');
    third = await live('welcome');
    expect((await rivulet('rollback', 'welcome')).out).toBe(
      `welcome ${second} is live again, in every worker. Taken back: ${third}.\n`,
    );
    expect(await live('welcome')).toBe(second);
    const before = await versions.history('welcome');
    expect(await rivulet('publish', 'welcome', '--dry-run')).toMatchObject({
      code: 1,
      out: expect.stringMatching(new RegExp(`^welcome +${third} {2}not live: a rollback took it back$`, 'm')),
      err: expect.stringContaining('publish welcome --again'),
    });
    expect(await versions.history('welcome')).toEqual(before);
    const deploy = await rivulet('publish');
    expect(deploy).toMatchObject({
      code: 1,
      err: expect.stringContaining('rivulet templates publish welcome --again'),
    });
    expect(await live('welcome')).toBe(second);
    await rivulet('rollback', 'welcome');
    expect(await live('welcome')).toBe(first);
    expect(await rivulet('rollback', 'welcome')).toMatchObject({
      code: 1,
      err: expect.stringContaining('one version'),
    });
    expect((await rivulet('publish', 'welcome', '--again')).code).toBe(0);
    expect(await live('welcome')).toBe(third);
    await rivulet('rollback', 'welcome', '--to', second.slice(0, 6));
    expect(await live('welcome')).toBe(second);
  }, 60_000);

  it('holds a version while others publish, and lets it go', async () => {
    expect((await rivulet('pin', `welcome@${first}`)).out).toContain(`stays at ${first} until`);
    edit('welcome/mail.mjml', 'A project comes first', 'A project comes last');
    expect((await rivulet('publish', 'welcome', '--dry-run')).out).toContain(`would be kept; ${first} is pinned`);
    expect((await rivulet('publish', 'welcome')).out).toContain(`kept; ${first} is pinned and stays live`);
    expect(await live('welcome')).toBe(first);
    expect((await rivulet('list')).out).toContain(`${first} (pinned)`);
    const { out } = await rivulet('pin', 'welcome', '--off');
    expect(out).toMatch(/^welcome is no longer pinned; live: [0-9a-f]{12}\.\n$/);
    expect([first, second, third]).not.toContain(await live('welcome'));
  });

  it('is told what is wrong, with its place, and nothing of anything is published', async () => {
    const before = await versions.live();
    edit('receipt/mail.de.mjml', 'event.order_id', 'event.orderId');
    edit('last-word/mail.mjml', /subject: .*/, 'subject: "Not live"');
    const refused = await rivulet('publish');
    expect(refused.code).toBe(1);
    expect(refused.out).toMatch(/^error +receipt\/mail\.de\.mjml:\d+ \{\{event\.orderId\}\}: .* is it "order_id"\?/m);
    expect(refused.err).toBe('Nothing was published: put the errors right first.\n');
    expect(await versions.live()).toEqual(before);
    expect((await rivulet('lint', 'receipt')).code).toBe(1);
    const asJson = JSON.parse((await rivulet('lint', 'receipt', '--json')).out) as { findings: { rule: string }[] };
    expect(asJson.findings.map(({ rule }) => rule)).toContain('unknown-field');
    restore('receipt/mail.de.mjml');
    expect(await rivulet('lint', 'receipt')).toMatchObject({ code: 0, out: '1 templates, 0 errors, 0 warnings\n' });
  });

  it.each([
    [['publish', 'welcom'], 2, 'templates/names.ts has no template "welcom": is it "welcome"?'],
    [['show', 'welcom'], 1, 'No template "welcom" is published; there are cart-advice,'],
    [['rollback', 'welcome', '--to', 'zzz'], 2, 'No version "zzz" was ever published; there are'],
    [['pin', 'welcome@zzz'], 2, 'No version "zzz" was ever published; there are'],
  ])('is told after %s', async (args, code, message) => {
    expect(await rivulet(...args)).toMatchObject({ code, err: expect.stringContaining(message) });
  });
});
