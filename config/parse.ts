import { dirname, resolve } from 'node:path';

import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

import { type Locate, placeAt, type Places, placesIn } from './locate.ts';
import { type Config, configSchema } from './schema.ts';

/** Mistakes that the schema cannot know, each with its place: what the configuration names has to exist elsewhere. */
export type Check = (config: Config, at: Locate) => readonly string[];

export interface Parsed {
  /** Absent when there are mistakes. */
  config?: Config;
  /** In the order of the file; each says where and what would be right. */
  mistakes: readonly string[];
}

/** The configuration that this text of rivulet.yaml says. `file` is its path, for messages and for paths in it. */
export function parseConfig(file: string, text: string, check: Check): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    return {
      mistakes: document.errors.map(
        ({ message, pos: [at] }) =>
          `${placeAt(file, lines, at)} ${message.replace(/ at line \d+, column \d+:[^]*/, '')}`,
      ),
    };
  }
  const places = placesIn(file, lines, document);
  const values = valuesOf(document);
  if ('mistake' in values) return { mistakes: [`${places.at([])} ${values.mistake}`] };

  const result = configSchema.safeParse(values.found ?? {});
  if (!result.success) return { mistakes: inFileOrder(result.error.issues.flatMap((issue) => told(places, issue))) };

  const { templates, ...rest } = result.data;
  const config = { ...rest, templates: { ...templates, dir: resolve(dirname(file), templates.base_dir) } };
  const mistakes = check(config, places.at);
  return mistakes.length > 0 ? { mistakes } : { config, mistakes };
}

/** An alias of nothing, or aliases of aliases that would fill the memory, are found only here. */
function valuesOf(document: Document): { found: unknown } | { mistake: string } {
  try {
    return { found: document.toJS() };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

interface Mistake {
  offset: number;
  text: string;
}

/** One clickable line for each issue: file:line:column, path, message. */
function told({ at, offset }: Places, issue: z.core.$ZodIssue): Mistake[] {
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  const message = issue.code === 'unrecognized_keys' ? 'is no known key' : issue.message;
  return paths.map((path) => ({ offset: offset(path), text: `${at(path)} ${path.join('.')}: ${message}` }));
}

function inFileOrder(mistakes: Mistake[]): string[] {
  return mistakes.toSorted((one, other) => one.offset - other.offset).map(({ text }) => text);
}
