import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

import { canonical } from '../../events/closest-locale.ts';
import { linesOf } from '../lines.ts';
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

/** A file longer than this is no template, bytes: Gmail shows 102 KB of the HTML that is made of it. */
export const maxFile = 64 * 1024;

/** Reads the files of one template. Throws TemplateError when there is none, or one is too large or oddly named. */
export function readTemplate(dir: string, name: string): TemplateFiles {
  const mjml = new Map<string, SourceFile>();
  const text = new Map<string, SourceFile>();
  const mistakes: string[] = [];
  for (const file of filesOf(dir, name)) {
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

/** The names in a template's folder. Throws TemplateError where there is none. */
function filesOf(dir: string, name: string): string[] {
  if (!existsSync(dir)) {
    throw new TemplateError([`${dir} does not exist. Is templates.base_dir in rivulet.yaml right?`]);
  }
  let files: string[];
  try {
    files = filesIn(dir, name);
  } catch (error) {
    throw new TemplateError([(error as Error).message]);
  }
  if (files.length === 0) throw new TemplateError([`${name}/mail.mjml does not exist`]);
  return files;
}

/** What is in a file, whether it can be compiled or not. Throws an Error that begins with its name. */
export function bytesOf(dir: string, file: string): Buffer {
  const path = realPath(dir, file);
  if (path === undefined) throw new Error(`${file} does not exist`);
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error(`${file} is not a file`);
  if (stats.size > maxFile) {
    throw new Error(
      `${file} has ${stats.size} bytes; a file of a template has at most ${maxFile}: move parts of it into partials`,
    );
  }
  return readFileSync(path);
}

/** One file. Throws an Error that begins with its name. */
export function readSource(dir: string, file: string): SourceFile {
  const bytes = bytesOf(dir, file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // without the BOM that some editors write
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`${file} is not UTF-8: save it as UTF-8 in your editor`, { cause: error });
  }
  text = text.replaceAll(/\r\n?/g, '\n');
  const unreadable = unreadableIn(text);
  if (unreadable) throw new Error(`${file}:${linesOf(text)(unreadable.at)} ${unreadable.what}`);
  return { file, text };
}

/** Blanks in a row. Handlebars tries each line break of them with all that follow, for every block behind them. */
const longestGap = 1_000;

/** Parsers drop these characters, replace them or end the text there, each as it likes. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const strange = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/;
const gap = new RegExp(String.raw`(?<!\s)\s{${longestGap + 1}}`);

function unreadableIn(text: string): { at: number; what: string } | undefined {
  const letter = strange.exec(text);
  if (letter) {
    const code = letter[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return { at: letter.index, what: `holds the control character U+${code}: delete it` };
  }
  const blanks = gap.exec(text);
  return blanks ? { at: blanks.index, what: `has more than ${longestGap} blanks in a row: delete them` } : undefined;
}

/** The names in a folder, none where there is no such folder. Throws where the folder is a link that leads out of `dir`. */
export function filesIn(dir: string, folder: string): string[] {
  const path = realPath(dir, folder);
  return path !== undefined && statSync(path).isDirectory() ? readdirSync(path).toSorted() : [];
}

/**
 * Where a file or a folder really is: undefined where it is not. Throws an Error that begins with its name for a symbolic link that
 * leads out of the folder of templates: what is published is stored and shown, and must not be any file of the machine.
 */
function realPath(dir: string, file: string): string | undefined {
  const root = realpathSync(dir);
  let path: string;
  try {
    path = realpathSync(join(dir, file));
  } catch {
    if (!isLink(join(dir, file))) return undefined;
    throw new Error(`${file} is a symbolic link that leads nowhere: put the file itself there`);
  }
  if (path === root || path.startsWith(`${root}${sep}`)) return path;
  throw new Error(`${file} is a symbolic link that leads out of the templates folder: put a copy of the file there`);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
