import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { eventTypes } from '../events/index.ts';
import { prepare, type Template } from '../templates/catalogue.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { MissingData, namelessSubject, render } from '../templates/render.ts';
import { TemplateError } from '../templates/template-error.ts';
import { helperNames } from '../templates/words.ts';

const shippedDir = fileURLToPath(new URL('../templates', import.meta.url));
const noted = z.object({ n: z.number(), at: z.number(), days: z.number() });
const known = { topics: ['onboarding', 'offers'], events: { ...eventTypes, 'note.made': noted } };
const order = { order_id: 'o_1', total: 12.5, currency: 'EUR', items: [{ name: 'Tea', quantity: 2, price: 6.25 }] };
const shipped = new Map(
  (await compileAll(shippedDir, templateNames, known)).templates.map((one) => [one.name, prepare(one)]),
);

/** The shipped layouts and partials, and one template to spoil. */
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rivulet-templates-'));
  for (const folder of ['layouts', 'partials', 'receipt', 'welcome']) {
    cpSync(join(shippedDir, folder), join(dir, folder), { recursive: true });
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
}

const section = (text: string) =>
  `<mj-section>\n<mj-column>\n<mj-text>\n${text}\n</mj-text>\n</mj-column>\n</mj-section>\n`;
const mail = (text: string, { subject = 'Hello', more = '' } = {}) =>
  `---\nsubject: ${JSON.stringify(subject)}\nclass: transactional\n${more}---\n${section(text)}`;

async function compiled(name = 'note'): Promise<Template> {
  const { templates } = await compileAll(dir, [name], known);
  return prepare(templates[0]!);
}

async function mistakes(...names: string[]): Promise<readonly string[]> {
  try {
    await compileAll(dir, names.length > 0 ? names : ['note'], known);
  } catch (error) {
    if (error instanceof TemplateError) return error.mistakes;
    throw error;
  }
  return [];
}

const template = (name: string) => shipped.get(name)!;

describe('what ships', () => {
  it.each(templateNames)('%s renders for Ada, and for somebody without a name, in all its languages', (name) => {
    const { variants } = template(name).compiled;
    expect(Object.keys(variants)).toEqual(expect.arrayContaining(['de', 'en']));
    for (const [locale, { sample }] of Object.entries(variants)) {
      for (const person of [sample.person, {}]) {
        const links = {
          unsubscribe: 'https://u.example.com',
          preferences: 'https://p.example.com',
          confirm: 'https://c.example.com',
        };
        const written = render(template(name), { ...person, locale }, sample.event, links);
        expect(written.locale).toBe(locale);
        expect(written.subject).not.toBe('');
        expect(written.html).toContain('</html>');
        expect(written.text.trim()).not.toBe('');
        expect(JSON.stringify(written)).not.toMatch(/\{\{|undefined|\[object|, you has/);
      }
    }
  });

  it('greets Ada by name and tells her what she paid', () => {
    const written = render(template('receipt'), { name: 'Ada' }, order);
    expect(written.subject).toBe('Your receipt for order o_1');
    expect(written.preheader).toBe('€12.50, paid for your order o_1.');
    expect(written.html).toContain('Thank you, Ada');
    expect(written.html).toContain('2 × Tea');
    expect(written.text).toContain('2 x Tea  €6.25');
  });

  it('keeps the way out of SES’s click tracking, through MJML', () => {
    const links = { unsubscribe: 'https://u.example.com', preferences: 'https://p.example.com' };
    const { html, text } = render(template('welcome'), {}, {}, links);
    expect(html).toMatch(/<a [^>]*ses:no-track[^>]* href="https:\/\/u\.example\.com"/);
    expect(text).toContain('Unsubscribe <https://u.example.com>');
  });
});

describe('the language of a mail', () => {
  it.each([
    [undefined, 'en', 'Welcome, Ada'],
    ['de', 'de', 'Willkommen, Ada'],
    ['de-CH', 'de', 'Willkommen, Ada'],
    ['pt-br', 'pt', 'Boas-vindas, Ada'],
    ['zh-Hant-TW', 'en', 'Welcome, Ada'],
    ['no locale at all', 'en', 'Welcome, Ada'],
  ])('is for somebody with the locale %s %s', (locale, chosen, subject) => {
    const written = render(template('welcome'), { name: 'Ada', ...(locale && { locale }) }, {});
    expect([written.locale, written.subject]).toEqual([chosen, subject]);
    expect(written.html).toMatch(new RegExp(`<html lang="${chosen}" dir="ltr"`));
  });

  it('may be written from right to left, on the right side', () => {
    const { html } = render(template('welcome'), { locale: 'ar-EG' }, {});
    expect(html).toMatch(/<html lang="ar" dir="rtl"/);
    expect(html).toMatch(/align="right"/);
    expect(html).not.toMatch(/align="left"/);
  });

  it('formats money, numbers, dates and plurals, in the reader’s own form of it and zone', async () => {
    const words =
      '{{money event.n "EUR"}}|{{number event.n}}|{{dateTime event.at}}|{{date event.at style="short"}}|{{time event.at}}|' +
      '{{plural event.days one="# day" two="# days (dual)" other="# days"}}';
    const sample = 'events: note.made\nsample: { event: { n: 1234.5, at: 1797436800000, days: 1 } }\n';
    write('note/mail.mjml', mail(words, { more: sample }));
    write(
      'note/mail.de.mjml',
      `---\nsubject: x\n---\n${section(words.replaceAll('# days', '# Tage').replaceAll('# day', '# Tag'))}`,
    );
    write('note/mail.ar.mjml', `---\nsubject: x\n---\n${section(words)}`);
    const note = await compiled();
    const text = (person: object, days = 2) =>
      render(note, person, { n: 1234.5, at: 1_797_436_800_000, days }).text.split('\n')[0];
    expect(text({}, 1)).toBe('€1,234.50|1,234.5|December 16, 2026 at 4:00 PM UTC|12/16/26|4:00 PM|1 day');
    expect(text({ locale: 'en-GB', time_zone: 'Asia/Tokyo' })).toBe(
      '€1,234.50|1,234.5|17 December 2026 at 01:00 GMT+9|17/12/2026|01:00|2 days',
    );
    expect(text({ locale: 'de-AT', time_zone: 'Europe/Vienna' })?.replaceAll('\u00a0', ' ')).toBe(
      '€ 1.234,50|1 234,5|16. Dezember 2026 um 17:00 MEZ|16.12.26|17:00|2 Tage',
    );
    expect(text({ locale: 'ar' })).toContain('(dual)');
    expect(text({ locale: 'fr', time_zone: 'Mars/Base' })).toContain('December 16, 2026 at 4:00 PM UTC');
  });

  it('takes its partials from the same language', () => {
    const links = { unsubscribe: 'https://u.example.com', preferences: 'https://p.example.com' };
    expect(render(template('welcome'), { locale: 'de' }, {}, links).text).toContain('Abbestellen');
  });
});

describe('a template is refused before anybody is mailed', () => {
  it.each([
    ['it has no front matter', section('x'), /^note\/mail\.mjml:1 starts with no front matter/],
    [
      'its front matter is no YAML',
      `---\nsubject: "x\nclass: [\n---\n`,
      /^note\/mail\.mjml:\d front matter is not YAML/,
    ],
    [
      'its topic is unknown',
      '---\nsubject: x\nclass: marketing\ntopic: gossip\n---\n',
      /topic "gossip" is not among the topics .*onboarding, offers/,
    ],
    ['it is marketing without a topic', '---\nsubject: x\nclass: marketing\n---\n', /front matter: topic is missing/],
    ['it has no subject', '---\nclass: transactional\n---\n', /:1 front matter: subject is missing/],
    [
      'its class is unknown',
      '---\nsubject: x\nclass: other\n---\n',
      /:3 front matter: class must be marketing or transactional/,
    ],
    ['it has a key nobody knows', '---\nsubject: x\nclass: transactional\nclas: y\n---\n', /:4 front matter: .*clas/],
    [
      'its locale is none',
      '---\nsubject: x\nclass: transactional\nlocale: en_GB\n---\n',
      /:4 front matter: locale must be a BCP 47/,
    ],
    ['a block is not closed', mail('{{#if person.name}}Hello'), /^note\/mail\.mjml:\d+ Parse error/],
    [
      'it calls a helper that there is not',
      mail('{{shout person.name}}'),
      /^note\/mail\.mjml:8 there is no helper "shout"; there are .*money/,
    ],
    ['it calls the lookup helper', mail('{{lookup person "name"}}'), /there is no helper "lookup"/],
    ['it calls the log helper', mail('{{log person}}'), /there is no helper "log"/],
    [
      'its subject calls a helper that there is not',
      mail('x', { subject: '{{shout person.name}}' }),
      /subject there is no helper "shout"/,
    ],
    ['it lets a value write HTML', mail('<p>\n{{{person.name}}}</p>'), /^note\/mail\.mjml:9 \{\{\{\.\.\.\}\}\}/],
    [
      'it does so with an ampersand',
      mail('{{& person.name}}'),
      /^note\/mail\.mjml:8 \{\{\{\.\.\.\}\}\} and \{\{& \.\.\.\}\}/,
    ],
    ['it does so inside a block', mail('{{#if event}}{{#each event.items}}{{{this}}}{{/each}}{{/if}}'), /:8 \{\{\{/],
    ['a decorator changes what runs', mail('{{* decorate}}'), /decorators are not for templates/],
    ['a partial is chosen by data', mail('{{> (event.partial)}}'), /a partial is named by one word/],
    [
      'a partial is not there',
      mail('{{> heder}}'),
      /^note\/mail\.mjml:8 \{\{> heder\}\}: there is no partials\/heder\.mjml; there are .*footer/,
    ],
    [
      'the layout is not there',
      '---\nsubject: x\nclass: transactional\nlayout: bas\n---\n',
      /there is no layouts\/bas\.mjml/,
    ],
    [
      'an element is misspelt',
      mail('x').replace('<mj-text>', '<mj-tex>').replace('</mj-text>', '</mj-tex>'),
      /^note\/mail\.mjml:7 Element mj-tex doesn't exist/,
    ],
    [
      'an attribute is misspelt',
      mail('x').replace('<mj-text>', '<mj-text colour="red">'),
      /^note\/mail\.mjml:7 Attribute colour is illegal/,
    ],
    [
      'an element is never closed',
      mail('x').replace('</mj-column>\n', ''),
      /^note\/mail\.mjml:6 <mj-column> is never closed/,
    ],
    [
      'it would read a file of the machine',
      mail('x').replace('<mj-text>', '<mj-include path="/etc/passwd" /><mj-text>'),
      /:7 mj-include: use \{\{> name\}\}/,
    ],
    [
      'its sample lacks a variable',
      mail('{{event.total}}', { more: 'sample: { event: { n: 1 } }\n' }),
      /:1 cannot be rendered with its sample: .*total/,
    ],
    [
      'its sample has another type',
      mail('{{date event.at}}', { more: 'sample: { event: { at: soon } }\n' }),
      /date needs a number and was given "soon"/,
    ],
    [
      'a link of its own runs a script',
      mail('<a href="javascript:alert(1)">x</a>'),
      /<a href="javascript:alert\(1\)">?: links begin with https:/,
    ],
    ['it holds a script', mail('<script>alert(1)</script>'), /<script> has no place in a mail/],
  ])('when %s', async (_why, source, told) => {
    write('note/mail.mjml', source);
    expect(await mistakes()).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  it('when partials go round in a circle', async () => {
    write('partials/one.mjml', '{{> two}}');
    write('partials/two.mjml', '\n{{> one}}');
    write('note/mail.mjml', mail('{{> one}}'));
    expect(await mistakes()).toEqual([expect.stringMatching(/^partials\/two\.mjml:2 .*circle: one -> two -> one/)]);
  });

  it('when it is 5 MB long, without being read', async () => {
    write('note/mail.mjml', mail('x'.repeat(5 * 1024 * 1024)));
    expect(await mistakes()).toEqual([
      expect.stringMatching(/^note\/mail\.mjml is \d+ bytes long; a template has at most 204800/),
    ]);
  });

  it('when a file of it is none that a template has', async () => {
    write('note/mail.mjml', mail('x'));
    write('note/mail.de.txt', 'Hallo');
    write('note/mail.de_AT.mjml', mail('x'));
    expect(await mistakes()).toContainEqual(expect.stringContaining('note/mail.de_AT.mjml is no part of a template'));
    rmSync(join(dir, 'note/mail.de_AT.mjml'));
    expect(await mistakes()).toEqual(['note/mail.de.txt has no mail.de.mjml beside it']);
  });

  it('when the layout is broken, at its own line', async () => {
    const layout = readFileSync(join(dir, 'layouts/base.mjml'), 'utf8');
    write('note/mail.mjml', mail('x'));
    write('layouts/base.mjml', layout.replace('<mj-body', '{{{subject}}}\n<mj-body'));
    expect(await mistakes()).toEqual([expect.stringMatching(/^layouts\/base\.mjml:\d\d \{\{\{/)]);
    write('layouts/base.mjml', layout.replace('{{> content}}', ''));
    expect(await mistakes()).toEqual([expect.stringMatching(/^layouts\/base\.mjml:1 has no \{\{> content\}\}/)]);
  });

  it('with the mistakes of all templates told at once', async () => {
    write('receipt/mail.mjml', 'no front matter');
    write('welcome/mail.de.mjml', `---\nsubject: x\n---\n${section('{{shout x}}')}`);
    const told = await mistakes('receipt', 'welcome', 'missing');
    expect(told).toEqual([
      expect.stringContaining('receipt/mail.mjml:1 '),
      expect.stringContaining('welcome/mail.de.mjml:7 '),
      'missing/mail.mjml does not exist',
    ]);
  });

  it('when the folder is not there at all', async () => {
    rmSync(dir, { recursive: true });
    expect(await mistakes()).toEqual([expect.stringContaining('Is templates.base_dir in rivulet.yaml right?')]);
  });
});

describe('what a mail says', () => {
  it('is never said without the data it needs: template and field are named', () => {
    expect(() => render(template('receipt'), {}, { order_id: 'o_1' })).toThrow(MissingData);
    expect(() => render(template('receipt'), {}, { order_id: 'o_1' })).toThrow(
      /^template "receipt": money needs a number and was given nothing/,
    );
    expect(() => render(template('receipt'), {}, { ...order, order_id: undefined })).toThrow(/"order_id" not defined/);
  });

  it('holds no line of nothing where a block was left out', () => {
    expect(render(template('cart-reminder'), {}, { total: 3, currency: 'EUR' }).text).not.toMatch(/\n{3}/);
  });
});

describe('the subject that Temporal may see', () => {
  it('holds no name', () => {
    expect(namelessSubject(template('welcome'), { name: 'Ada', locale: 'de' }, {})).toBe('Willkommen, ‹name›');
    expect(namelessSubject(template('welcome'), {}, {})).toBe('Welcome');
  });
});

describe('the version of a template', () => {
  const version = async (name = 'welcome') => (await compiled(name)).version;

  it('is the same wherever the words are the same, whoever saved them with which line ends', async () => {
    expect(await version()).toBe(template('welcome').version);
    write('welcome/mail.mjml', readFileSync(join(dir, 'welcome/mail.mjml'), 'utf8').replaceAll('\n', '\r\n'));
    expect(await version()).toBe(template('welcome').version);
  });

  it.each([
    ['the words', 'welcome/mail.mjml'],
    ['a language', 'welcome/mail.ar.mjml'],
    ['the layout', 'layouts/base.mjml'],
    ['a partial', 'partials/footer.de.mjml'],
  ])('changes with %s, and not with another template', async (_part, file) => {
    const before = await version('receipt');
    write(file, readFileSync(join(dir, file), 'utf8').replace(/<mj-text/, '<mj-text padding-top="1px"'));
    expect(await version()).not.toBe(template('welcome').version);
    if (file.startsWith('welcome')) expect(await version('receipt')).toBe(before);
  });
});

describe('docs/templates.md', () => {
  const page = readFileSync(fileURLToPath(new URL('../docs/templates.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| `(\{\{(?!#)[^`]+)` +\| ([^;|]+)/gm)].map(([, words = '', says = '']) => [
    words,
    says.trim(),
  ]);

  it.each(rows)('shows what %s says: %s', async (words, says) => {
    const more = 'events: note.made\nsample: { event: { n: 1, at: 1795507200000, days: 3 } }\n';
    write('note/mail.mjml', mail(words, { more }));
    const berlin = { locale: 'en-GB', time_zone: 'Europe/Berlin' };
    const { text } = render(await compiled(), berlin, { n: 1, at: 1_795_507_200_000, days: 3 });
    expect(text.split('\n')[0]).toBe(says);
  });

  it('shows every helper', () => {
    expect(rows.length).toBe(6);
    for (const helper of helperNames) expect(page).toContain(helper);
  });
});
