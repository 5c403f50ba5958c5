import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { prepare } from '../templates/catalogue.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { MissingData, type RenderedEmail, render, UnsafeMail } from '../templates/render.ts';
import { TemplateError } from '../templates/template-error.ts';
import { markdownTable } from './support/markdown-table.ts';
import { type Attack, attacksOnHandlebars, attacksOnTheWorker, harmless } from './support/template-attacks.ts';
import { attacksOnParsers } from './support/template-attacks-on-parsers.ts';
import { attacksOnReaders } from './support/template-attacks-on-readers.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'rivulet-attacks-'));
  const shipped = fileURLToPath(new URL('../templates', import.meta.url));
  for (const folder of ['layouts', 'partials']) cpSync(join(shipped, folder), join(dir, folder), { recursive: true });
  mkdirSync(join(dir, 'note'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const item = z.object({ a: z.string().optional() });
const loose = z.looseObject({
  text: z.string(),
  url: z.string(),
  secret: z.string().meta({ class: 'secret' }).optional(),
  who: z.object({ name: z.string() }).optional(),
  list: z.array(item).optional(),
  at: z.number().optional(),
});
const known = { topics: [], events: { 'note.made': loose } };
/** In the order in which docs/template-attacks.md tells them. */
const attacks = [...attacksOnHandlebars, ...attacksOnReaders, ...attacksOnParsers, ...attacksOnTheWorker];

type Outcome = { stops: Attack['stops']; says: string; mail?: RenderedEmail };

const outcomes = new Map<Attack, Promise<Outcome>>();

/** Each is tried once, for its own test and for the page. */
function lived(attack: Attack): Promise<Outcome> {
  const outcome = outcomes.get(attack) ?? attempt(attack);
  outcomes.set(attack, outcome);
  return outcome;
}

async function attempt({ words, subject = 'Hello', event }: Attack): Promise<Outcome> {
  writeFileSync(join(dir, 'partials/round.mjml'), '{{> round}}');
  const front = `subject: ${JSON.stringify(subject)}\nclass: transactional\nevents: note.made\nsample: { event: { text: x, url: "https://example.com/" } }`;
  const body = `<mj-section><mj-column><mj-text>\n${words}\n</mj-text></mj-column></mj-section>`;
  writeFileSync(join(dir, 'note/mail.mjml'), `---\n${front}\n---\n${body}\n`);
  try {
    const { templates } = await compileAll(dir, ['note'], known);
    const mail = render(prepare(templates[0]!), { name: 'Ada' }, event ?? harmless);
    return { stops: 'neutral', says: `${mail.subject}\n${mail.html}\n${mail.text}`, mail };
  } catch (error) {
    if (error instanceof TemplateError) return { stops: 'publish', says: error.mistakes.join('\n') };
    if (error instanceof UnsafeMail || error instanceof MissingData) return { stops: 'send', says: error.message };
    throw error;
  }
}

describe('an attack', () => {
  it.each(attacks.map((attack) => [attack.what, attack] as const))('%s', async (_what, attack) => {
    const outcome = await lived(attack);
    expect(outcome.says).toMatch(attack.says);
    expect(outcome.stops).toBe(attack.stops);
    if (attack.never) expect(`${outcome.mail?.subject}\n${outcome.mail?.html}`).not.toMatch(attack.never);
  });

  it('and what became of it stands in docs/template-attacks.md', async () => {
    const told = { publish: 'refused at publish', send: 'that mail is not sent', neutral: 'neutralised' };
    const lines: string[][] = [];
    for (const attack of attacks) {
      const { stops, says } = await lived(attack);
      const line = stops === 'neutral' ? (attack.says.exec(says)?.[0] ?? '') : (says.split('\n')[0] ?? '');
      const message = line.replace(/^(?:note\/mail\.mjml(?::\d+)?|template "note"(?: \(en\))?:?) ?/, '');
      const shown = message
        .replaceAll('|', '\\|')
        .replace(/ - \d+:\d+$/, '') // the place, which moves with the layout
        .slice(0, 140)
        .replaceAll(/[^\x20-\x7e…]/gu, (letter) => `U+${letter.codePointAt(0)?.toString(16).toUpperCase()} `)
        .trim();
      lines.push([
        attack.what.replaceAll('|', '\\|'),
        told[stops],
        `${stops === 'neutral' ? 'arrives as ' : ''}\`${shown}\``,
      ]);
    }
    await expect(`# Attacks on templates

Written by \`test/template-attacks.test.ts\`, which tries each of them. A mail that is not sent fails its run, visibly, as
\`UnsafeMail\` or \`MissingData\`.

${markdownTable(['Attack', 'What becomes of it', 'What is said, or arrives'], lines)}
`).toMatchFileSnapshot('../docs/template-attacks.md');
  });
});
