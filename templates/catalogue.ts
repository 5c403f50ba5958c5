import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { type FrontMatter, splitFrontMatter } from './front-matter.ts';
import { type TemplateName, templateNames } from './names.ts';
import { compileHtml, compileText, createHandlebars, refuseUnescaped, type Words } from './words.ts';

/** A template ready to render. */
export interface Template extends FrontMatter {
  name: TemplateName;
  /** Hash of everything the mail is made of; the same words have the same version on every machine. */
  version: string;
  subjectWords: Words;
  preheaderWords: Words;
  html: Words;
  text: Words;
}

export type Catalogue = ReadonlyMap<string, Template>;

/** Everything that is wrong with the templates, at once. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  constructor(mistakes: readonly string[]) {
    super(`The templates cannot be used:\n  ${mistakes.join('\n  ')}`);
  }
}

/**
 * Reads and compiles every template that a journey may send. Throws one TemplateError that lists what is missing or
 * broken, so that a worker refuses to start instead of failing people's journeys one by one.
 */
export function loadCatalogue(dir: string, topics: readonly string[]): Catalogue {
  const mistakes: string[] = [];
  const layouts = readLayouts(dir, mistakes);
  const handlebars = createHandlebars(layouts);
  const catalogue = new Map<string, Template>();
  for (const name of templateNames) {
    try {
      catalogue.set(name, load(dir, name, handlebars, layouts, topics));
    } catch (error) {
      mistakes.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (mistakes.length > 0) throw new TemplateError(mistakes);
  return catalogue;
}

function readLayouts(dir: string, mistakes: string[]): Record<string, string> {
  const layouts: Record<string, string> = {};
  let files: string[] = [];
  try {
    files = readdirSync(join(dir, 'layouts')).filter((file) => file.endsWith('.hbs'));
  } catch {
    mistakes.push(`${dir} has no folder "layouts". Is templates.base_dir in rivulet.yaml right?`);
  }
  for (const file of files) {
    const source = readFileSync(join(dir, 'layouts', file), 'utf8');
    try {
      refuseUnescaped(source);
    } catch (error) {
      mistakes.push(`layouts/${file}: ${(error as Error).message}`);
    }
    layouts[basename(file, '.hbs')] = source;
  }
  return layouts;
}

function load(
  dir: string,
  name: TemplateName,
  handlebars: ReturnType<typeof createHandlebars>,
  layouts: Record<string, string>,
  topics: readonly string[],
): Template {
  const source = readPart(dir, name, 'html.hbs');
  const textSource = readPart(dir, name, 'text.hbs');
  const { matter, body } = splitFrontMatter(source);
  const htmlFile = join(dir, name, 'html.hbs');
  const above = source.slice(0, source.length - body.length).split('\n').length - 1;
  if (matter.topic !== undefined && !topics.includes(matter.topic)) {
    throw new Error(`topic "${matter.topic}" is not among the topics of rivulet.yaml (${topics.join(', ')})`);
  }
  return {
    ...matter,
    name,
    version: createHash('sha256')
      .update(JSON.stringify([source, textSource, layouts]))
      .digest('hex')
      .slice(0, 12),
    subjectWords: withPlace(`${htmlFile} subject`, undefined, () => compileText(handlebars, matter.subject)),
    preheaderWords: withPlace(`${htmlFile} preheader`, undefined, () =>
      compileText(handlebars, matter.preheader ?? ''),
    ),
    html: withPlace(htmlFile, above, () => compileHtml(handlebars, body)),
    text: withPlace(join(dir, name, 'text.hbs'), 0, () => compileText(handlebars, textSource)),
  };
}

/** Handlebars counts lines from where it was given the text: `above` is how many of the file's stand before that. */
function withPlace(place: string, above: number | undefined, compile: () => Words): Words {
  try {
    return compile();
  } catch (error) {
    const { message } = error as Error;
    const [, one, other] = /\bline (\d+)|- (\d+):\d+$/m.exec(message) ?? [];
    const line = Number(one ?? other);
    const at = above === undefined || Number.isNaN(line) ? place : `${place}:${line + above}`;
    throw new Error(`${at} ${message.replace(/ ?\bon line \d+(?=:)|^line \d+: | - \d+:\d+$/gm, '')}`, { cause: error });
  }
}

function readPart(dir: string, name: string, part: string): string {
  try {
    return readFileSync(join(dir, name, part), 'utf8');
  } catch {
    throw new Error(`${join(dir, name, part)} does not exist`);
  }
}
