import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { startServers } from '../local/servers/start-servers.ts';
import { createKeys } from '../state/keys.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createTemplateVersions, type TemplateVersions } from '../state/template-versions.ts';
import { prepare, type Template } from '../templates/catalogue.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import { render as renderMail } from '../templates/render.ts';
import { unsafeParts } from '../templates/safe-html.ts';
import { sampleLinks } from '../templates/sample-links.ts';
import { followTemplates } from '../worker/live-templates.ts';
import { told } from './figures.ts';
import { root } from './processes.ts';
import type { Scenario, Table } from './scenario.ts';

const [names, versionsEach] = [1_000, 5];

/**
 * What rendering one mail costs, with Handlebars compiled once and compiled for each mail, and what a thousand templates in
 * five versions each take, in Redis and in a worker that sends each of them.
 */
export const render: Scenario = async (_, interrupted) => {
  const tables = await Promise.race([oneAfterTheOther(), interrupted]);
  return { tables, notes: [], figures: {}, mistakes: [] };
};

const known = { topics: ['onboarding', 'offers'] };
const compiled = async (name: string) => (await compileTemplate(join(root, 'templates'), name, known)).template;

async function oneAfterTheOther(): Promise<Table[]> {
  return [await renderCost(), await memoryCost()];
}

async function renderCost(): Promise<Table> {
  const rows = [['CPU-ms a mail', 'median (least to most)', 'KB of HTML']];
  for (const name of ['receipt', 'welcome']) {
    const template = await compiled(name);
    const ready = prepare(template);
    const { html } = renderSample(ready);
    const size = (Buffer.byteLength(html) / 1024).toFixed(1);
    const measured: [string, number, () => unknown][] = [
      ['compiled once', 2_000, () => renderSample(ready)],
      ['of that, looking at the links', 2_000, () => unsafeParts(html)],
      ['compiled for each mail', 200, () => renderSample(prepare(template))],
    ];
    for (const [what, count, work] of measured) {
      rows.push([`${name}, ${what}`, told(rounds(count, work), 4), size]);
    }
  }
  return { title: 'Rendering', rows };
}

/** Seven counted rounds after one to warm up: CPU ms of one call in each. */
function rounds(count: number, work: () => unknown): number[] {
  return Array.from({ length: 8 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / count;
  }).slice(1);
}

function renderSample(template: Template, locale = template.compiled.defaultLocale) {
  const { sample } = template.compiled.variants[locale]!;
  return renderMail(template, { ...sample.person, locale }, sample.event, sampleLinks(template));
}

async function memoryCost(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  const servers = await startServers({ dataDir: join(folder, 'data'), root, portPolicy: 'free', durable: false });
  const redis = connectRedis(servers.redis.url, (error) => console.error(error));
  try {
    await redisReady(redis);
    const versions = createTemplateVersions(redis, createKeys(`bench-${randomUUID()}:`, '0'.repeat(64)));
    const used = [await redisBytes(redis)];
    await publishMany(versions, await compiled('receipt'));
    used.push(await redisBytes(redis));
    const count = names * versionsEach;
    const rows = [[`${names} templates x ${versionsEach} versions`, 'MB', 'KB each']];
    const row = (what: string, bytes: number) =>
      rows.push([what, (bytes / 2 ** 20).toFixed(1), (bytes / count / 1024).toFixed(1)]);
    row('Redis', used[1]! - used[0]!);
    row('a worker that has sent each of them', await heapOf(() => sendEach(versions, followTemplates)));
    row('the same, were none ever let go', await heapOf(() => sendEach(versions, keepAll)));
    return { title: 'Memory', rows };
  } finally {
    redis.disconnect();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function redisBytes(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** The receipt under other names, each version with other words. */
async function publishMany(versions: TemplateVersions, template: CompiledTemplate): Promise<void> {
  for (let name = 0; name < names; name++) {
    for (let version = 0; version < versionsEach; version++) {
      await versions.publish(otherWords(template, name, version), { author: 'bench', message: 'one of many' });
    }
  }
}

function otherWords(template: CompiledTemplate, name: number, version: number): CompiledTemplate {
  const told = (text: string) => text.replaceAll('Thank you', `Thank you ${name} ${version}`);
  const variants = Object.entries(template.variants).map(([locale, variant]) => {
    return [locale, { ...variant, html: told(variant.html), text: told(variant.text) }] as const;
  });
  return {
    ...template,
    name: `receipt-${name}`,
    version: `${name}-${version}`,
    variants: Object.fromEntries(variants),
  };
}

type Follow = (...given: Parameters<typeof followTemplates>) => Promise<Finding>;
interface Finding {
  find(name: string, version?: string): Promise<Template | undefined>;
  close(): void;
}

const keepAll: Follow = async ({ load }) => {
  const all = new Map<string, Template>();
  return {
    async find(name, version = '') {
      const template = all.get(`${name}@${version}`) ?? prepare((await load(name, version)) as CompiledTemplate);
      all.set(`${name}@${version}`, template);
      return template;
    },
    close: () => all.clear(),
  };
};

/** What stays in memory while `use` lets it, in bytes. */
async function heapOf(use: () => Promise<Finding>): Promise<number> {
  const before = heapUsed();
  const held = await use();
  const after = heapUsed();
  held.close();
  return after - before;
}

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Node gives the collector away to whoever asks while it runs: the suite needs no flag for it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function sendEach(versions: TemplateVersions, follow: Follow): Promise<Finding> {
  const log = { info() {}, warn: console.error };
  const templates = await follow(versions, 3_600_000, log);
  for (let name = 0; name < names; name++) {
    for (let version = 0; version < versionsEach; version++) {
      renderSample((await templates.find(`receipt-${name}`, `${name}-${version}`))!);
    }
  }
  return templates;
}
