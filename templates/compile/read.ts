import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { canonical } from '../../events/closest-locale.ts';
import { TemplateError } from '../template-error.ts';

/** A text file of the templates folder. */
export interface SourceFile {
  /** Below the templates folder, with slashes. */
  file: string;
  text: string;
}

/** The files of one template, by locale; the default's key is ''. */
export interface TemplateFiles {
  mjml: ReadonlyMap<string, SourceFile>;
  text: ReadonlyMap<string, SourceFile>;
}

/** A file longer than this is no template, bytes. */
export const maxFile = 200 * 1024;

/** Reads the files of one template. Throws TemplateError when there is none, or one is too large or oddly named. */
export function readTemplate(dir: string, name: string): TemplateFiles {
  const mjml = new Map<string, SourceFile>();
  const text = new Map<string, SourceFile>();
  const mistakes: string[] = [];
  for (const file of filesIn(dir, name)) {
    const [, locale = '', kind] = /^mail(?:\.([A-Za-z0-9-]+))?\.(mjml|txt)$/.exec(file) ?? [];
    if (kind === undefined) {
      if (!file.startsWith('.'))
        mistakes.push(`${name}/${file} is no part of a template: mail.mjml, mail.de.mjml, mail.txt`);
      continue;
    }
    if (canonical(locale) !== locale) {
      mistakes.push(`${name}/${file}: "${locale}" is no locale as BCP 47 spells it, such as de or pt-BR`);
      continue;
    }
    try {
      (kind === 'mjml' ? mjml : text).set(locale, readSource(dir, `${name}/${file}`));
    } catch (error) {
      mistakes.push((error as Error).message);
    }
  }
  if (!mjml.has('') && mistakes.length === 0) mistakes.push(`${name}/mail.mjml does not exist`);
  for (const locale of text.keys()) {
    if (!mjml.has(locale)) mistakes.push(`${name}/mail.${locale}.txt has no mail.${locale}.mjml beside it`);
  }
  if (mistakes.length > 0) throw new TemplateError(mistakes);
  return { mjml, text };
}

/** One file. Throws an Error that begins with its name. */
export function readSource(dir: string, file: string): SourceFile {
  const path = join(dir, file);
  let size: number;
  try {
    ({ size } = statSync(path));
  } catch {
    throw new Error(`${file} does not exist`);
  }
  if (size > maxFile) throw new Error(`${file} is ${size} bytes long; a template has at most ${maxFile}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)); // without the BOM that some editors write
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`${file} is not UTF-8: save it as UTF-8 in your editor`, { cause: error });
  }
  return { file, text: text.replaceAll('\r\n', '\n') };
}

function filesIn(dir: string, name: string): string[] {
  try {
    return readdirSync(join(dir, name)).toSorted();
  } catch {
    // Which of the two is missing tells what to do.
    try {
      readdirSync(dir);
    } catch {
      throw new TemplateError([`${dir} does not exist. Is templates.base_dir in rivulet.yaml right?`]);
    }
    throw new TemplateError([`${name}/mail.mjml does not exist`]);
  }
}
