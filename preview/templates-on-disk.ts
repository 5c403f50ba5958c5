import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { prepare, type Template } from '../templates/catalogue.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import type { Finding } from '../templates/compiled.ts';
import { templateNames } from '../templates/names.ts';
import { TemplateError } from '../templates/template-error.ts';

/** A template as its files say it now, or said it last when they made sense. */
export interface OnDisk {
  name: string;
  /** What came of the files when they could last be compiled; absent when they never could. */
  last?: Template;
  findings: readonly Finding[];
  /** Why the files cannot be used as they are, as `file:line what`. None: `last` is what they say. */
  mistakes: readonly string[];
}

export interface TemplatesOnDisk {
  /** Those that journeys may send, then what else lies in the folder. */
  names(): string[];
  /** Waits for a compilation that is under way. Undefined when there is no such template. */
  find(name: string): Promise<OnDisk | undefined>;
  all(): Promise<OnDisk[]>;
  /** Compiles again what these saved files are part of; gives its names. */
  takeUp(files: readonly string[]): Promise<string[]>;
}

/** The templates of a folder, compiled when somebody asks and again when a file is saved. */
export function createTemplatesOnDisk(settings: () => { dir: string; topics: readonly string[] }): TemplatesOnDisk {
  const known = new Map<string, Promise<OnDisk>>();

  const compile = (name: string): Promise<OnDisk> => {
    const before = known.get(name);
    const now = (async () => compiled(settings(), name, (await before)?.last))();
    known.set(name, now);
    return now;
  };
  const names = () => namesIn(settings().dir);
  const find = async (name: string) => known.get(name) ?? (names().includes(name) ? compile(name) : undefined);

  return {
    names,
    find,
    all: async () => (await Promise.all(names().map(find))).filter((one) => one !== undefined),
    async takeUp(files) {
      const { dir } = settings();
      const concerned = new Set<string>();
      for (const file of files.map((path) => relative(dir, path).split(sep).join('/'))) {
        for (const name of await madeOf(file, names(), known)) concerned.add(name);
      }
      await Promise.all([...concerned].map(compile));
      for (const name of known.keys()) if (!names().includes(name)) known.delete(name);
      return [...concerned];
    },
  };
}

function namesIn(dir: string): string[] {
  const others = foldersIn(dir)
    .filter((folder) => !(templateNames as readonly string[]).includes(folder))
    .filter((folder) => filesIn(join(dir, folder)).some((file) => /^mail(\.[\w-]+)?\.mjml$/.test(file)));
  return [...templateNames, ...others];
}

function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return []; // that it is missing is told by each template
  }
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

async function compiled(
  { dir, topics }: { dir: string; topics: readonly string[] },
  name: string,
  last: Template | undefined,
): Promise<OnDisk> {
  try {
    const { template, findings } = await compileTemplate(dir, name, { topics });
    return { name, last: prepare(template), findings, mistakes: [] };
  } catch (error) {
    const mistakes = error instanceof TemplateError ? error.mistakes : [(error as Error).message];
    return { name, ...(last && { last }), findings: [], mistakes };
  }
}

/**
 * The templates that a saved file may change. One that is broken may be mended by any file, and a layout or partial that is
 * new may be the better one for a language of any template.
 */
async function madeOf(file: string, names: string[], known: Map<string, Promise<OnDisk>>): Promise<string[]> {
  const [folder = ''] = file.split('/');
  if (names.includes(folder)) return [folder];
  const made: string[] = [];
  const broken: string[] = [];
  for (const [name, promise] of known) {
    const { last, mistakes } = await promise;
    if (last && file in last.compiled.sources) made.push(name);
    else if (mistakes.length > 0) broken.push(name);
  }
  return made.length > 0 ? [...made, ...broken] : [...known.keys()];
}
