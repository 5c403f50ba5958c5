import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach } from 'vitest';
import { z } from 'zod';

import { eventTypes } from '../../events/index.ts';

export const shippedDir = fileURLToPath(new URL('../../templates', import.meta.url));
const noted = z.object({ n: z.number(), at: z.number(), days: z.number() });
export const known = { topics: ['onboarding', 'offers'], events: { ...eventTypes, 'note.made': noted } };

let folder: string;
/** Where the templates of this test lie. */
export const dir = () => folder;
/** The shipped layouts and partials, two shipped templates, and room for one to spoil, before each test of a file. */
export function templatesToCompile(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rivulet-templates-'));
    for (const part of ['layouts', 'partials', 'receipt', 'welcome']) {
      cpSync(join(shippedDir, part), join(folder, part), { recursive: true });
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
}

export function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

export const section = (text: string) =>
  `<mj-section>\n<mj-column>\n<mj-text>\n${text}\n</mj-text>\n</mj-column>\n</mj-section>\n`;
export const mail = (text: string, { subject = 'Hello', more = '' } = {}) =>
  `---\nsubject: ${JSON.stringify(subject)}\nclass: transactional\n${more}---\n${section(text)}`;
