import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect } from 'vitest';

import { prepare } from '../../templates/catalogue.ts';
import { compileTemplate } from '../../templates/compile/compile.ts';
import type { Finding } from '../../templates/compiled.ts';
import { lint } from '../../templates/lint/lint.ts';

const shipped = fileURLToPath(new URL('../../templates', import.meta.url));
export const known = { topics: ['onboarding', 'offers'] };

let folder: string;
/** Where the templates of this test lie. */
export const dir = () => folder;
/** The shipped layouts and partials, and room for one template to spoil, before each test of a file. */
export function templatesToLint(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rivulet-lint-'));
    for (const part of ['layouts', 'partials']) cpSync(join(shipped, part), join(folder, part), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
}

export function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/** Changes the shipped layout of this test. */
export function layout(from: string | RegExp, to: string): void {
  const file = join(folder, 'layouts/base.mjml');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

export const goodPreheader = 'What this mail is about, in one short sentence.';
export const section = (inner: string) => `<mj-section>\n<mj-column>\n${inner}\n</mj-column>\n</mj-section>\n`;
export const text = (words: string) => section(`<mj-text>${words}</mj-text>`);

export interface Parts {
  subject?: string;
  preheader?: string;
  kind?: 'marketing' | 'transactional';
  more?: string;
}

/** A mail that no rule has anything to say about, but for what is given. */
export function mail(
  body: string,
  { subject = 'Hello', preheader = goodPreheader, kind = 'transactional', more = '' }: Parts = {},
) {
  const topic = kind === 'marketing' ? 'topic: offers\n' : '';
  return `---\nsubject: ${JSON.stringify(subject)}\npreheader: ${JSON.stringify(preheader)}\nclass: ${kind}\n${topic}${more}---\n${body}`;
}

export function variant(body: string, { subject = 'Hallo', preheader = goodPreheader }: Parts = {}) {
  return `---\nsubject: ${JSON.stringify(subject)}\npreheader: ${JSON.stringify(preheader)}\n---\n${body}`;
}

export async function linted(name = 'note'): Promise<Finding[]> {
  return lint(prepare((await compileTemplate(folder, name, known)).template));
}

/** `level rule` of each finding. */
export async function told(): Promise<string[]> {
  return (await linted()).map(({ level, rule }) => `${level} ${rule}`);
}

export const only = async (rule: string) => (await linted()).filter((found) => found.rule === rule);
export const messages = async (rule: string) => (await only(rule)).map(({ message }) => message);
