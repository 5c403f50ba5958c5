import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import * as workflows from '../workflows/index.ts';
import { forbiddenIn } from './support/forbidden-in-workflows.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(join(root, 'workflows'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const read = (file: string) => readFileSync(join(root, 'workflows', file), 'utf8');

describe('code that may do something else when it is lived through again', () => {
  it('is in no workflow', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(files.flatMap((file) => forbiddenIn(file, read(file)))).toEqual([]);
  });

  it.each([
    ['const hour = new Date().getHours();', 'getHours: it knows the zone of the machine alone'],
    ['const day = new Date(2026, 1, 29);', 'new Date(year, month, …)'],
    ['const text = total.toLocaleString();', 'toLocaleString: it goes by the language data'],
    ["const when = Date.parse('2026-12-24T18:00');", 'a date without its zone'],
    ["const when = new Date('2026-12-24T18:00:00');", 'a date without its zone'],
    ['const when = Date();', 'Date(): it writes'],
    ['const text = new Date().toDateString();', 'toDateString: it knows the zone of the machine alone'],
    ["const hour = new Date()['getHours']();", 'getHours: it knows the zone of the machine alone'],
    ['const name = plan.toLocaleUpperCase();', 'toLocaleUpperCase: it goes by the language data'],
    ['const day = new Date().getDay();', 'getDay: it knows the zone of the machine alone'],
    ['at.setHours(9, 0);', 'setHours: it knows the zone of the machine alone'],
    ['const { getHours } = new Date();', 'getHours: it knows the zone of the machine alone'],
    ['const text = new Date().toString();', 'a Date as text: it is in the zone of the machine'],
    ['const text = (new Date(0)).toString();', 'a Date as text'],
    ['const text = String(new Date());', 'a Date as text'],
    ['const text = `since ${new Date()}`;', 'a Date as text'],
    ["const text = 'since ' + new Date();", 'a Date as text'],
    ['const later = new Date() + 86_400_000;', 'a Date as text'],
    ['const since = new Date(0); const text = `since ${since}`;', 'a Date as text'],
    ['function f(since: Date) { return since.toString(); }', 'a Date as text'],
    ["const when = new Date('December 24, 2026');", "a date without its zone, 'December 24, 2026'"],
    ["const when = new Date('2026-12-24 18:00Z');", 'a date without its zone'],
    ["const when = new Date('12/24/2026');", 'a date without its zone'],
    ['const when = new Date(`${day}T18:00`);', 'a date without its zone'],
    ["const when = Date.parse(day + ' 18:00');", 'a date without its zone'],
    ['const again = workflowInfo().unsafe.isReplaying;', 'unsafe: it tells a replay from the first time'],
    ['const { unsafe } = workflowInfo();', 'unsafe: it tells a replay from the first time'],
    ['let sent = 0;', 'let at the top'],
    ['export let sent = 0;', 'let at the top'],
  ])('is found: %s', (source, said) => {
    expect(forbiddenIn('journey.ts', `\n${source}`)).toEqual([expect.stringContaining(`journey.ts:2: ${said}`)]);
  });

  it.each([
    'const now = Date.now();',
    'const chance = Math.random();',
    "const then = Date.parse('2026-12-24T18:00+01:00') + Date.parse('2026-12-24T18:00Z') + Date.parse('2026-12-24');",
    'const then = new Date(0).getUTCHours();',
    'const text = `since ${new Date(0).toISOString()}`;',
    'const days = (new Date(1) - new Date(0)) / 86_400_000;',
    'const then = new Date(`${day}T18:00Z`).getTime() + Date.parse(day) + Date.parse(`${day}`) + Date.parse(`${month}-24`);',
    'const text = total.toString() + String(total);',
    'function f() { let x = 0; return x; }',
  ])('is not found in %s', (source) => {
    expect(forbiddenIn('journey.ts', source)).toEqual([]);
  });

  it('is refused by the linter where it reaches for the host', async () => {
    const host = ['fetch', 'process', 'require', 'crypto', 'performance', 'setInterval', 'setImmediate', 'globalThis'];
    const names = [...host, 'WeakRef', 'FinalizationRegistry', 'Intl'];
    const said = await lint([
      "import { readFileSync } from 'node:fs';",
      "import { z } from 'zod';",
      `export const used = [readFileSync, z, setTimeout, Date, Math, ${names.join(', ')}];`,
    ]);
    for (const module of ['node:fs', 'zod']) expect(said).toContain(`'${module}' import is restricted`);
    const refused = [...said.matchAll(/Unexpected use of '(\w+)'/g)].map(([, name]) => name);
    expect(refused.toSorted()).toEqual(names.toSorted());
  });
});

/** What the project's linter says of a journey with these lines. */
async function lint(lines: string[]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'rivulet-lint-'));
  try {
    mkdirSync(join(dir, 'workflows'));
    writeFileSync(join(dir, '.oxlintrc.json'), readFileSync(join(root, '.oxlintrc.json')));
    writeFileSync(join(dir, 'workflows/journey.ts'), lines.join('\n'));
    const run = promisify(execFile)(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint')], { cwd: dir });
    return ((await run.catch((error: unknown) => error)) as { stdout: string }).stdout;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('a journey', () => {
  it('in workflows/journeys is one that Temporal loads', () => {
    const names = files.filter((file) => file.startsWith('journeys/')).map((file) => file.slice(9, -3));
    expect(names.filter((name) => !Object.hasOwn(workflows, name))).toEqual([]);
  });

  it('is under 60 lines with its imports', () => {
    for (const file of files.filter((file) => file.startsWith('journeys/')))
      expect(read(file).split('\n').length, file).toBeLessThan(60);
  });
});
