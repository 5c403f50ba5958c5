import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../config/parse.ts';
import { describeConfiguration } from '../config/describe.ts';
import { environmentSchema } from '../config/environment.ts';
import { parseEvent } from '../events/parse.ts';
import { checkJourneySettings } from '../ingress/entry/check-settings.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/changing-journeys.md',
  'docs/connections.md',
  'docs/deploying.md',
  'docs/first-journey.md',
  'docs/guarantees.md',
  'docs/nats.md',
  'docs/performance.md',
  'docs/preview.md',
  'docs/production.md',
  'docs/publishing.md',
  'docs/recipes.md',
  'docs/scale.md',
  'docs/templates.md',
];

/** The page that makes a journey about seminars, so that its files are not here. */
const firstJourney = 'docs/first-journey.md';
const isMadeThere = (path: string) => path.includes('seminar');

/** The fenced blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  return [...read(page).matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text = '']) => text);
}

const withoutBlocks = (page: string) => read(page).replaceAll(/^```[^]*?^```$/gm, '');

const isAnEvent = (text: string) => parseEvent(new TextEncoder().encode(text));

describe('the TypeScript in the README', () => {
  const named = (block: string) => /^\/\/ (\S+\.ts)\n/.exec(block)?.[1];
  const snippets = blocks('README.md', 'ts');

  it('that shows a journey shows the file, to the letter', () => {
    const shown = snippets.filter((block) => named(block) === undefined);
    expect(shown).toEqual([read('workflows/journeys/onboarding.ts')]);
  });

  // Once the seminars of docs/first-journey.md are in the project, those of the README would be there twice.
  it.skipIf(existsSync(join(root, 'events/seminar-booked.ts')))(
    'that adds a journey compiles, together with its changes to the files that are there',
    () => {
      const overlay = new Map<string, string>();
      for (const block of snippets) {
        const file = named(block);
        if (file !== undefined) overlay.set(join(root, file), block);
      }
      for (const diff of blocks('README.md', 'diff')) {
        const [, file = '', body = ''] = /^--- (\S+)\n([^]*)$/.exec(diff) ?? [];
        overlay.set(join(root, file), patched(read(file), body));
      }
      expect([...overlay.keys()].length).toBeGreaterThan(4);
      expect(mistakesOf(overlay)).toEqual([]);
    },
    120_000,
  );
});

describe('the recipes', () => {
  /** What a recipe stands in: a journey that has imported the library and knows these people and events. */
  const around = (recipe: string, index: number) => `
import { patched, sleep } from '@temporalio/workflow';
import type { Event } from '../../events/index.ts';
import { clicked } from '../lib/clicked.ts';
import { cohort } from '../lib/cohort.ts';
import { listenFor, type Listener } from '../lib/listen-for.ts';
import { daysBefore, isPast, nextWeekday, sleepUntil } from '../lib/local-time.ts';
import { person, type Person } from '../lib/person.ts';
import { isUndeliverable, sendEmail } from '../lib/send-email.ts';
export const used${index} = [patched, sleep, clicked, cohort, listenFor, daysBefore, isPast, nextWeekday, sleepUntil, person, isUndeliverable, sendEmail];
export async function recipe${index}(
  signup: Event<'user.signed_up'>,
  cart: Event<'cart.abandoned'>,
  trial: Event<'trial.started'>,
  ada: Person,
  order: Listener<'order.completed'>,
  end: number,
): Promise<unknown> {
  {
${recipe.replace(/^import .*$/gm, '')}
  }
  return [signup, cart, trial, ada, order, end];
}
`;

  it('compile, each in a journey, and the programs that publish', () => {
    const found = [...blocks('docs/recipes.md', 'ts'), ...blocks('docs/changing-journeys.md', 'ts')];
    expect(found.length).toBeGreaterThan(10);
    const publishing = blocks('docs/publishing.md', 'ts');
    expect(publishing.length).toBeGreaterThan(1);
    const overlay = new Map([
      ...found.map(
        (recipe, index) => [join(root, `workflows/journeys/recipe-${index}.ts`), around(recipe, index)] as const,
      ),
      ...publishing.map((program, index) => [join(root, `cli/publishing-${index}.ts`), program] as const),
    ]);
    // A recipe shows one line, not what is done with it. No file that is there imports one: only they can have become wrong.
    expect(mistakesOf(overlay, { noUnusedLocals: false }, [...overlay.keys()])).toEqual([]);
  }, 120_000);

  it('of rivulet.yaml are a configuration that ingress takes', () => {
    const [yaml = ''] = blocks('docs/recipes.md', 'yaml');
    expect(parseConfig('rivulet.yaml', yaml, checkJourneySettings).mistakes).toEqual([]);
  });
});

/** Applies a diff of `+`, `-` and context lines; each context line stands in the file, and additions follow it. */
function patched(source: string, diff: string): string {
  const lines = source.split('\n');
  let at = 0;
  for (const line of diff.trimEnd().split('\n')) {
    const text = line.slice(1);
    if (line.startsWith('+')) {
      lines.splice(at, 0, text);
      at += 1;
      continue;
    }
    const found = lines.indexOf(text);
    expect(found, `"${text}" in the source`).toBeGreaterThanOrEqual(0);
    if (line.startsWith('-')) lines.splice(found, 1);
    at = line.startsWith('-') ? found : found + 1;
  }
  return lines.join('\n');
}

/** Files that stay as they are, read once: to parse what a journey imports costs five seconds of a core. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of the project with these texts in it, or only of the files `about`. */
function mistakesOf(
  overlay: Map<string, string>,
  options: ts.CompilerOptions = {},
  about?: readonly string[],
): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (file) => readFileSync(file, 'utf8'));
  const { options: ours } = ts.convertCompilerOptionsFromJson(
    (config as { compilerOptions: object }).compilerOptions,
    root,
  );
  const wanted = { ...ours, ...options, noEmit: true, composite: false, declaration: false, sourceMap: false };
  const host = ts.createCompilerHost(wanted);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (file) => overlay.get(resolve(file)) ?? readFile(file);
  host.fileExists = (file) => overlay.has(resolve(file)) || fileExists(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = overlay.get(resolve(file));
    if (text !== undefined) return ts.createSourceFile(file, text, version);
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, version, ...rest));
    return parsed.get(file);
  };
  const program = ts.createProgram([...overlay.keys()], wanted, host);
  const files = about ? about.map((file) => program.getSourceFile(file)) : [undefined];
  return files
    .flatMap((file) => ts.getPreEmitDiagnostics(program, file))
    .map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}

describe('the events in the README', () => {
  it('in JSON are events', () => {
    const found = blocks('README.md', 'json');
    expect(found).toHaveLength(1);
    for (const block of found) expect(isAnEvent(block)).toMatchObject({ ok: true });
  });

  it('from Python is one', () => {
    const [block = ''] = blocks('README.md', 'python');
    expect(isAnEvent(/^event = (\{[^]*?^\})$/m.exec(block)?.[1] ?? '')).toMatchObject({ ok: true });
  });

  it('of the nats command is one, under the subject of its type', () => {
    const [, subject, header, body = ''] =
      /nats pub marketing\.events\.(\S+) --header Nats-Msg-Id:(\S+) \\\n {2}'(.*)'/.exec(read('README.md')) ?? [];
    expect(isAnEvent(body)).toMatchObject({ ok: true, parsed: { event: { event_type: subject, event_id: header } } });
  });

  it('of the rivulet command are composed of options that it has', () => {
    const help = execFileSync(process.execPath, ['cli/rivulet.mjs', 'publish', '--help'], { cwd: root }).toString();
    const [, used = ''] = /npx --no rivulet publish (.*)/.exec(read('README.md')) ?? [];
    for (const option of used.match(/--[a-z-]+/g) ?? []) expect(help).toContain(option);
  });
});

describe('what the pages name', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it('after npm is a script', () => {
    for (const page of pages) {
      for (const [, script = ''] of read(page).matchAll(/npm run ([a-z:-]*[a-z])/g))
        expect(scripts).toHaveProperty([script]);
    }
    expect(scripts).toMatchObject({ start: expect.any(String), test: expect.any(String) });
  });

  it('after npx --no rivulet is a command', () => {
    const help = execFileSync(process.execPath, ['cli/rivulet.mjs', '--help'], { cwd: root }).toString();
    const commands = [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
    for (const page of pages) {
      for (const [, command] of read(page).matchAll(/npx --no rivulet ([a-z-]+)/g))
        expect(commands, page).toContain(command);
    }
  });

  it.each(pages)('as a link or a path in %s exists', (page) => {
    const text = withoutBlocks(page);
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
    const paths = [...text.matchAll(/`([\w./-]+)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => /^[\w.-]+\/[\w./-]*$/.test(path) && existsSync(join(root, path.split('/')[0] ?? '')));
    const there = (path: string) => existsSync(join(root, path)) || (page === firstJourney && isMadeThere(path));
    const missing = [...links.map((link) => join(dirname(page), link)), ...paths].filter(
      (path) => !/^https?:/.test(path) && !/^docs\/\w+\.png$/.test(path) && !there(path),
    );
    expect(missing).toEqual([]);
  });
});

describe('the configuration', () => {
  it('is documented as it is: docs/configuration.md is what config/describe.ts writes', () => {
    expect(read('docs/configuration.md')).toBe(describeConfiguration());
  });

  it('names in .env.example only variables that somebody reads', () => {
    const theirs = ['AWS_REGION', 'AWS_ENDPOINT_URL_SESV2', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    const known = [...Object.keys(environmentSchema.shape), ...theirs];
    const named = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(known).toContain(name);
  });
});
