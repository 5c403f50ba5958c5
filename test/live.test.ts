import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type FileWatch, watchFiles } from '../runtime/watch-files.ts';
import type { StoredTemplate } from '../store/template-versions.ts';
import { prepare } from '../templates/catalogue.ts';
import type { CompiledTemplate } from '../templates/compiled.ts';
import { render } from '../templates/render.ts';
import { takeUpSaves } from '../worker/live.ts';
import { saidByBundler } from '../worker/said-by-bundler.ts';
import { placeIn, unexported, wrongImports } from '../worker/source-mistakes.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const topics = { onboarding: { title: 'Getting started' }, offers: { title: 'Offers' } };

let folder: string;
let watch: FileWatch | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rivulet-live-'));
});
afterEach(async () => {
  await watch?.close();
  watch = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function save(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

describe('saved files', () => {
  const told: string[][] = [];
  /** Every file, each time that the watch has looked at it. */
  const looks: string[] = [];
  /** One of these is saved by each look. */
  const comesLater: string[] = [];
  const concerns = (file: string) => {
    looks.push(file.slice(folder.length + 1));
    const next = file.endsWith('a.ts') ? comesLater.shift() : undefined;
    if (next) save(next, '2');
    return file.endsWith('.ts');
  };
  const start = (
    changed = async (files: string[]) => void told.push(files.map((file) => file.slice(folder.length + 1))),
  ) => {
    watch = watchFiles({ paths: [folder], concerns, everyMs: 15 }, changed);
  };
  beforeEach(() => void told.splice(0));

  it('are told together while more keep coming, and once', async () => {
    save('deep/a.ts', '1');
    save('b.ts', '1');
    start();
    save('deep/a.ts', '2');
    comesLater.push('b.ts', 'new/c.ts');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told[0]?.toSorted()).toEqual(['b.ts', 'deep/a.ts', 'new/c.ts']);
  });

  it('are told when an editor puts another file in the place of one, and when one is gone', async () => {
    save('a.ts', '1');
    start();
    save('a.ts.tmp', '2');
    renameSync(join(folder, 'a.ts.tmp'), join(folder, 'a.ts'));
    await vi.waitFor(() => expect(told).toEqual([['a.ts']]));
    rmSync(join(folder, 'a.ts'));
    await vi.waitFor(() => expect(told).toEqual([['a.ts'], ['a.ts']]));
  });

  it('are no news when they say what they said, or are an editor’s own', async () => {
    save('a.ts', '1');
    start();
    save('a.ts', '1');
    save('.#a.ts', 'unsaved');
    save('a.ts~', '0');
    save('node_modules/x.ts', '1');
    save('last.ts', '1');
    await vi.waitFor(() => expect(told).toEqual([['last.ts']]));
  });

  it('wait while the ones before are taken up, and are told together then', async () => {
    let finish = () => {};
    start(async (files) => {
      told.push(files.map((file) => file.slice(folder.length + 1)));
      if (told.length === 1) await new Promise<void>((done) => (finish = done));
    });
    save('a.ts', '1');
    await vi.waitFor(() => expect(told).toEqual([['a.ts']]));
    save('b.ts', '1');
    save('c.ts', '1');
    await vi.waitFor(() => expect(looks.filter((file) => file === 'c.ts').length).toBeGreaterThan(3));
    expect(told).toHaveLength(1);
    finish();
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]?.toSorted()).toEqual(['b.ts', 'c.ts']);
  });
});

describe('a worker that is told to take up saves', () => {
  let said: string[];
  let replaced: string[];
  let published: Map<string, StoredTemplate>;
  let bundle: () => string;
  let mistakes: string[];
  beforeEach(() => {
    mistakes = [];
    said = [];
    published = new Map();
    replaced = [];
    bundle = () => 'code';
    cpSync(join(project, 'templates'), join(folder, 'templates'), { recursive: true });
    save('workflows/index.ts', "export { receipt } from './journeys/receipt.ts';");
    save('workflows/journeys/receipt.ts', 'export async function receipt() {}');
    const dir = join(folder, 'templates');
    watch = takeUpSaves({
      config: { templates: { dir }, topics } as never,
      versions: {
        async publish(template) {
          published.set(template.name, template);
          return 'live';
        },
      },
      workflows: join(folder, 'workflows'),
      bundle: async () => ({ code: bundle() }),
      check: { mistakes: async () => mistakes, close() {} },
      fleet: { replaceJourneys: async (made) => void replaced.push((made as { code: string }).code) },
      tell: (lines) => said.push(lines),
    });
  });
  const welcome = () =>
    render(
      prepare(published.get('welcome') as CompiledTemplate),
      { name: 'Ada' },
      {},
      { unsubscribe: 'https://u.example.com', preferences: 'https://p.example.com' },
    ).text;
  const mail = (name: string) => readFileSync(join(folder, `templates/${name}/mail.mjml`), 'utf8');
  const newWords = () => mail('welcome').replaceAll('Your account is ready', 'New words');

  it('writes Ada with the new words, and says what it has taken up and how long that took', async () => {
    save('templates/welcome/mail.mjml', newWords());
    await vi.waitFor(
      () => expect(said).toEqual([expect.stringMatching(/^reloaded welcome\/mail\.mjml in \d+\.\d s$/)]),
      5_000,
    );
    expect(welcome()).toContain('New words');
    expect(replaced).toEqual([]);
  });

  it('keeps every old word while one template is broken, and says which, with its line', async () => {
    save('templates/welcome/mail.mjml', newWords());
    save('templates/receipt/mail.mjml', `${mail('receipt')}{{#if`);
    await vi.waitFor(() => expect(said).toHaveLength(1), 5_000);
    expect(said[0]).toMatch(/receipt\/mail\.mjml:\d+ Parse error[^]*Nothing is reloaded: what ran before goes on\./);
    expect(published.size).toBe(0);
  });

  it('runs a saved journey', async () => {
    save('workflows/journeys/receipt.ts', 'export async function receipt() { return 2; }');
    await vi.waitFor(() => expect(said).toEqual([expect.stringMatching(/^reloaded receipt\.ts in \d+\.\d s$/)]));
    expect(replaced).toEqual(['code']);
  });

  it('goes on with the old journeys while the new ones cannot be bundled, and takes the next save', async () => {
    bundle = () => {
      throw new Error('receipt.ts:1 Unexpected token');
    };
    save('workflows/journeys/receipt.ts', 'export async function');
    await vi.waitFor(() => expect(said).toHaveLength(1));
    expect(said[0]).toContain('receipt.ts:1 Unexpected token');
    expect(replaced).toEqual([]);

    bundle = () => 'mended';
    save('workflows/journeys/receipt.ts', 'export async function receipt() { return 3; }');
    await vi.waitFor(() => expect(replaced).toEqual(['mended']));
  });

  it('goes on with the old journeys while the compiler has something against the new ones', async () => {
    mistakes = ["workflows/journeys/receipt.ts:1 Cannot find name 'sendEmial'."];
    save('workflows/journeys/receipt.ts', 'export async function receipt() { return 2; }');
    await vi.waitFor(() => expect(said).toHaveLength(1));
    expect(said[0]).toMatch(
      /do not compile:\n {2}workflows\/journeys\/receipt\.ts:1 Cannot find[^]*what ran before goes on/,
    );
    expect(replaced).toEqual([]);
  });

  it('says which line a new journey still needs', async () => {
    save('workflows/journeys/win-back.ts', 'export async function winBack() {}');
    await vi.waitFor(() => expect(replaced).toEqual(['code']));
    expect(said[0]).toContain(`index.ts: export { winBack as 'win-back' } from './journeys/win-back.ts';`);
  });
});

describe('what can be seen of journeys without bundling them', () => {
  const workflows = () => join(folder, 'workflows');

  it('is an import that they may not have, with its place', () => {
    save('workflows/lib/wait.ts', '');
    save(
      'workflows/journeys/a.ts',
      [
        "import type { Event } from '../../events/index.ts';",
        "import { sleep } from '@temporalio/workflow';",
        "import { wait } from '../lib/wait.ts';",
        "import {\n  z,\n} from 'zod';",
        "import { readFileSync } from 'node:fs';",
        "import { routes } from '../../ingress/routes.ts';",
        "import { gone } from '../lib/gone.ts';",
      ].join('\n'),
    );
    expect(wrongImports(workflows()).map((line) => line.replace(/^.*\/journeys\//, ''))).toEqual([
      expect.stringMatching(/^a\.ts:6 imports "zod": workflow code loads only @temporalio\/workflow/),
      expect.stringMatching(/^a\.ts:7 imports "node:fs"/),
      expect.stringMatching(/^a\.ts:8 imports "\.\.\/\.\.\/ingress\/routes\.ts"/),
      expect.stringMatching(/^a\.ts:9 imports "\.\.\/lib\/gone\.ts": there is no such file$/),
    ]);
    expect(placeIn(workflows(), 'sleep')).toMatch(/journeys\/a\.ts:2$/);
  });

  it('is nothing wrong in the journeys that we ship', () => {
    expect(wrongImports(join(project, 'workflows'))).toEqual([]);
    expect(unexported(join(project, 'workflows'))).toEqual([]);
  });

  it('is told by the bundler in pages, of which the mistake is kept', () => {
    expect(saidByBundler(pages)).toBe(
      '  journeys/onboarding.ts:17 Unexpected token `(`.\n 16 | \n 17 |   for (const ( [wait] of nudges) {\n    :              ^\n' +
        "  workflows/journeys/receipt.ts:1 Can't resolve './gone.ts' in '/project/workflows'",
    );
  });
});

const pages = `asset workflow-bundle-cb74.js 1.69 MiB [emitted]
modules by path ./workflows/ 38.2 KiB

ERROR in ./workflows/journeys/onboarding.ts
Module build failed (from ./node_modules/swc-loader/src/index.js):
Error:   x Unexpected token \`(\`.
    ,-[${process.cwd()}/journeys/onboarding.ts:17:1]
 16 | 
 17 |   for (const ( [wait] of nudges) {
    :              ^
    \`----


Caused by:
    Syntax Error
 @ ./workflows/index.ts 3:0-54

ERROR in ./workflows/journeys/receipt.ts 1:0-50
Module not found: Error: Can't resolve './gone.ts' in '/project/workflows'
resolve './gone.ts' in '/project/workflows'

webpack 5.112.2 compiled with 2 errors in 1131 ms`;
