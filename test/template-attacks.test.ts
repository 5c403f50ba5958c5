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
const harmless = { text: 'x', url: 'https://example.com/' };

interface Attack {
  /** As the table tells it. */
  what: string;
  /** What somebody wrote into a template. */
  words: string;
  subject?: string;
  /** What came with the event; without it the words alone are the attack. */
  event?: Record<string, unknown>;
  /** `publish`: the template is refused. `send`: that one mail is. `neutral`: it arrives without harm. */
  stops: 'publish' | 'send' | 'neutral';
  /** Part of what is said then, or of what arrives. */
  says: RegExp;
  /** What must not be in the subject or the HTML that arrives. */
  never?: RegExp;
}

const many = (count: number) => Array.from({ length: count }, () => ({ a: 'x' }));
const thrice = '{{#each event.list}}{{#each @root.event.list}}{{#each @root.event.list}}x{{/each}}{{/each}}{{/each}}';

const attacks: Attack[] = [
  // What Handlebars does by itself, case by case.
  {
    what: 'strict: a value is missing',
    words: '{{event.text}}',
    event: { url: 'x' },
    stops: 'send',
    says: /"text" not defined/,
  },
  {
    what: '`{{#if}}` of a name that no event has would be silently false',
    words: '{{#if event.txet}}x{{/if}}',
    stops: 'publish',
    says: /has no "txet"; is it "text"\?/,
  },
  {
    what: '`{{#each}}` of a name that no event has would be silently empty',
    words: '{{#each event.lst}}x{{/each}}',
    stops: 'publish',
    says: /has no "lst"; is it "list"\?/,
  },
  {
    what: '`{{#if a.b}}` where `a` may be missing breaks inside Handlebars',
    words: '{{#if event.who.name}}x{{/if}}',
    stops: 'publish',
    says: /\{\{event\.who\}\}: it is optional/,
  },
  { what: 'a helper that there is not', words: '{{shout event.text}}', stops: 'publish', says: /no helper "shout"/ },
  {
    what: '`log`, which writes to the console',
    words: '{{log event.text}}',
    stops: 'publish',
    says: /no helper "log"/,
  },
  {
    what: '`lookup` of a computed name',
    words: '{{lookup event "constructor"}}',
    stops: 'publish',
    says: /no helper "lookup"/,
  },
  {
    what: 'an inline partial or decorator',
    words: '{{#*inline "x"}}y{{/inline}}',
    stops: 'publish',
    says: /decorators are not for templates/,
  },
  {
    what: 'a partial named by data',
    words: '{{> (event.text)}}',
    stops: 'publish',
    says: /a partial is named by one word/,
  },
  {
    what: '`constructor` of a value',
    words: '{{event.constructor.name}}',
    stops: 'publish',
    says: /has no "constructor"/,
  },
  { what: '`__proto__` of a value', words: '{{event.__proto__.x}}', stops: 'publish', says: /has no "__proto__"/ },
  {
    what: '`__proto__` in the data',
    words: '{{event.text}}{{#if event.at}}polluted{{/if}}',
    event: JSON.parse('{"text":"x","url":"x","__proto__":{"at":1}}') as Record<string, unknown>,
    stops: 'neutral',
    says: /x/,
    never: /polluted/,
  },
  { what: '`{{{x}}}`', words: '{{{event.text}}}', stops: 'publish', says: /unescaped; use \{\{\.\.\.\}\}/ },
  { what: '`{{& x}}`', words: '{{& event.text}}', stops: 'publish', says: /unescaped; use \{\{\.\.\.\}\}/ },
  {
    what: 'an object that is shown',
    words: '{{#if event.who}}{{event.who}}{{/if}}',
    stops: 'publish',
    says: /it is an object in note\.made, not a value/,
  },
  {
    what: 'an object where the schema promised text',
    words: '{{event.text}}',
    event: { ...harmless, text: { toString: 'x' } },
    stops: 'send',
    says: /a list or an object as if it were text/,
  },
  {
    what: 'a function in the data would be called',
    words: '{{event.text}}',
    event: {
      url: 'x',
      text: () => {
        throw new Error('it was called');
      },
    },
    stops: 'send',
    says: /"text" not defined/,
  },
  {
    what: 'a syntax tree in the data, for `compile`',
    words: '{{event.text}}',
    event: { ...harmless, text: { type: 'Program', body: [{ type: 'MustacheStatement' }] } },
    stops: 'send',
    says: /a list or an object as if it were text/,
  },
  {
    what: 'Handlebars in a value',
    words: '{{event.text}}',
    event: { ...harmless, text: '{{event.secret}}{{> footer}}' },
    stops: 'neutral',
    says: /\{\{event\.secret\}\}/,
  },
  // Links and attributes.
  ...[
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' \tjava\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
  ].map((url): Attack => ({
    what: `\`href="{{u}}"\` with \`${JSON.stringify(url).slice(1, -1)}\``,
    words: '<a href="{{event.url}}">x</a>',
    event: { ...harmless, url },
    stops: 'send',
    says: /links begin with https:/,
  })),
  {
    what: '`src="{{u}}"` of an image',
    words: '<img alt="" src="{{event.url}}">',
    event: { ...harmless, url: 'javascript:alert(1)' },
    stops: 'send',
    says: /links begin with https:/,
  },
  {
    what: 'a quote in a value, to leave the attribute',
    words: '<a href="{{event.url}}">x</a>',
    event: { ...harmless, url: 'https://example.com/" onclick="alert(1)' },
    stops: 'neutral',
    says: /https:\/\/example\.com\/&quot; onclick&#x3D;&quot;alert\(1\)"/,
    never: /" onclick/,
  },
  {
    what: 'an attribute without quotes, `href={{u}}`',
    words: '<a href={{event.url}}>x</a>',
    stops: 'publish',
    says: /\{\{event\.url\}\}: inside a tag, Handlebars stands between quotes only/,
  },
  {
    what: 'data as an attribute, `<a {{x}}>`',
    words: '<a {{event.text}}>x</a>',
    stops: 'publish',
    says: /between quotes only/,
  },
  {
    what: 'the same quotes inside an attribute',
    words: '<a href="{{plural event.at other="https://example.com"}}">x</a>',
    stops: 'publish',
    says: /takes the other quotes/,
  },
  {
    what: 'data in an inline style',
    words: '<p style="color:{{event.text}}">x</p>',
    stops: 'publish',
    says: /data does not write CSS/,
  },
  {
    what: 'data in a style sheet',
    words: '<style>p { color: {{event.text}} }</style>',
    stops: 'publish',
    says: /data does not write CSS/,
  },
  {
    what: 'an event handler in the words',
    words: '<a onclick="x()" href="https://example.com">x</a>',
    stops: 'publish',
    says: /no event handlers/,
  },
  {
    what: 'a script in the words',
    words: '<script>alert(1)</script>',
    stops: 'publish',
    says: /<script> has no place/,
  },
  {
    what: 'a form in the words',
    words: '<form action="https://example.com"></form>',
    stops: 'publish',
    says: /<form> has no place/,
  },
  {
    what: 'a script in a value',
    words: '{{event.text}}',
    event: { ...harmless, text: '<script>alert(1)</script><img src=x onerror=alert(1)>' },
    stops: 'neutral',
    says: /&lt;script&gt;/,
    never: /<script>|<img/,
  },
  {
    what: 'a value that ends an HTML comment',
    words: '<!-- {{event.text}} --><p>x</p>',
    event: { ...harmless, text: '--><img src=x onerror=alert(1)>' },
    stops: 'neutral',
    says: /x/,
    never: /<img/,
  },
  // Headers and the look of a name.
  {
    what: 'line breaks in a subject (a second header)',
    words: 'x',
    subject: 'Hello {{event.text}}',
    event: { ...harmless, text: 'Ada\r\nBcc: all@example.com\u0000' },
    stops: 'neutral',
    says: /^Hello Ada Bcc: all@example\.com$/m,
    never: /\r|\p{Cc}Bcc/u,
  },
  {
    what: 'marks that turn text around (U+202E)',
    words: '{{event.text}}',
    event: { ...harmless, text: 'invoice\u202egpj.exe' },
    stops: 'neutral',
    says: /invoicegpj\.exe/,
    never: /\u202e/,
  },
  {
    what: 'zero-width letters that hide words from filters',
    words: '{{event.text}}',
    event: { ...harmless, text: 'vi\u200bag\u2060ra\ufeff' },
    stops: 'neutral',
    says: /viagra/,
    never: /[\u200b\u2060\ufeff]/,
  },
  {
    what: 'joiners, which emoji and Persian need, stay',
    words: '{{event.text}}',
    event: { ...harmless, text: '👩‍🚀 می‌خواهم' },
    stops: 'neutral',
    says: /👩‍🚀 می‌خواهم/,
  },
  // Time, size and secrets.
  {
    what: 'three nested `{{#each}}` over 300 items (8 s of a blocked worker)',
    words: thrice,
    event: { ...harmless, list: many(300) },
    stops: 'send',
    says: /would repeat more than 10000 times/,
  },
  {
    what: 'a mail of many megabytes',
    words: '{{#each event.list}}{{../event.text}}{{/each}}',
    event: { ...harmless, text: 'x'.repeat(100_000), list: many(100) },
    stops: 'send',
    says: /would be longer than 2097152 characters/,
  },
  {
    what: 'a template of 5 MB',
    words: 'x'.repeat(5 * 1024 * 1024),
    stops: 'publish',
    says: /a template has at most 204800/,
  },
  {
    what: 'partials that go round in a circle',
    words: '{{> round}}',
    stops: 'publish',
    says: /round in a circle: round -> round/,
  },
  {
    what: 'a file of the machine, by `mj-include`',
    words: '</mj-text><mj-include path="/etc/passwd" /><mj-text>',
    stops: 'publish',
    says: /mj-include: use/,
  },
  {
    what: 'a secret field, even in a test',
    words: '{{#if event.secret}}x{{/if}}',
    stops: 'publish',
    says: /is secret: no mail may use it/,
  },
];

type Outcome = { stops: Attack['stops']; says: string; mail?: RenderedEmail };

async function lived({ words, subject = 'Hello', event }: Attack): Promise<Outcome> {
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
