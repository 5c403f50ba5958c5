import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createTemplateVersions } from '../store/memory/template-versions.ts';
import type { TemplateVersions } from '../store/template-versions.ts';
import { prepare, type Template } from '../templates/catalogue.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import { render as renderMail } from '../templates/render.ts';
import { unsafeParts } from '../templates/safe-html.ts';
import { sampleLinks } from '../templates/sample-links.ts';
import { followTemplates } from '../worker/live-templates.ts';
import { countCpu, othersPercent } from './cpu.ts';
import { told } from './figures.ts';
import { root } from './processes.ts';
import type { Scenario, Table } from './scenario.ts';
import { surroundingsOfBench } from './surroundings.ts';

const [names, versionsEach] = [1_000, 5];

/**
 * What rendering one mail costs, with Handlebars compiled once and compiled for each mail, and what a thousand templates in
 * five versions each take in a worker that sends each of them.
 */
export const render: Scenario = async (_, interrupted) => {
  const rendering = await Promise.race([renderCost(), interrupted]);
  const store = await Promise.race([memoryCost(), interrupted]);
  return {
    surroundings: surroundingsOfBench(),
    tables: [renderTable(rendering), memoryTable(store)],
    notes: [],
    figures: { rendering, store },
    mistakes: [],
  };
};

const known = { topics: ['onboarding', 'offers'] };
const compiled = async (name: string) => (await compileTemplate(join(root, 'templates'), name, known)).template;

interface Rendering {
  what: string;
  /** CPU ms of one mail, by round. */
  cpuMs: number[];
  htmlBytes: number;
  /** Of all CPUs of the machine, what everything else took meanwhile, %. */
  others: number;
}

async function renderCost(): Promise<Rendering[]> {
  const measured: Rendering[] = [];
  for (const name of ['receipt', 'welcome']) {
    const template = await compiled(name);
    const ready = prepare(template);
    const { html } = renderSample(ready);
    const works: [string, number, () => unknown][] = [
      ['compiled once', 2_000, () => renderSample(ready)],
      ['of that, looking at the links', 2_000, () => unsafeParts(html)],
      ['compiled for each mail', 200, () => renderSample(prepare(template))],
    ];
    for (const [what, count, work] of works) {
      const endCpu = countCpu({ bench: process.pid });
      const cpuMs = rounds(count, work);
      const others = othersPercent(endCpu());
      measured.push({ what: `${name}, ${what}`, cpuMs, htmlBytes: Buffer.byteLength(html), others });
    }
  }
  return measured;
}

function renderTable(measured: readonly Rendering[]): Table {
  return {
    title: 'Rendering',
    rows: [
      ['CPU-ms a mail', 'median (least to most)', 'KB of HTML', 'CPUs used by others, %'],
      ...measured.map(({ what, cpuMs, htmlBytes, others }) => {
        return [what, told(cpuMs, 4), (htmlBytes / 1_024).toFixed(1), others.toFixed(0)];
      }),
    ],
  };
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

/** Bytes that all of them take. */
type MemoryCost = Record<'worker' | 'neverLetGo', number>;

async function memoryCost(): Promise<MemoryCost> {
  const published = createTemplateVersions();
  await publishMany(published, await compiled('receipt'));
  // A worker that fetches a version has a copy of its own.
  const load: TemplateVersions['load'] = async (...what) => structuredClone(await published.load(...what));
  const versions = { ...published, load };
  return {
    worker: await heapOf(() => sendEach(versions, followTemplates)),
    neverLetGo: await heapOf(() => sendEach(versions, keepAll)),
  };
}

function memoryTable({ worker, neverLetGo }: MemoryCost): Table {
  const row = (what: string, bytes: number) => {
    return [what, (bytes / 2 ** 20).toFixed(1), (bytes / (names * versionsEach) / 1_024).toFixed(1)];
  };
  return {
    title: 'Store',
    rows: [
      [`${names} templates x ${versionsEach} versions`, 'MB', 'KB each'],
      row('a worker that has sent each of them', worker),
      row('the same, were none ever let go', neverLetGo),
    ],
  };
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
