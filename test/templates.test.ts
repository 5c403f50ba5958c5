import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { prepare, type Template } from '../templates/catalogue.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { templateNames } from '../templates/names.ts';
import { MissingData, namelessSubject, render } from '../templates/render.ts';
import { helperNames } from '../templates/words.ts';
import { dir, known, mail, section, shippedDir, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

const order = { order_id: 'o_1', total: 12.5, currency: 'EUR', items: [{ name: 'Tea', quantity: 2, price: 6.25 }] };
const shipped = new Map(
  (await compileAll(shippedDir, templateNames, known)).templates.map((one) => [one.name, prepare(one)]),
);
const template = (name: string) => shipped.get(name)!;

async function compiled(name = 'note'): Promise<Template> {
  const { templates } = await compileAll(dir(), [name], known);
  return prepare(templates[0]!);
}

describe('what ships', () => {
  it.each(templateNames)('%s renders for Ada, and for somebody without a name, in all its languages', (name) => {
    const { variants } = template(name).compiled;
    expect(Object.keys(variants)).toContain('en');
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

  // By name: whoever adds a template need not write it in German.
  it.each([
    'receipt',
    'welcome',
    'first-project',
    'invite-team',
    'confirm-subscription',
    'cart-reminder',
    'cart-advice',
    'trial-ends-soon',
    'trial-ends-tomorrow',
    'we-miss-you',
    'last-word',
  ] as const)('%s is there in German', (name) => {
    expect(Object.keys(template(name).compiled.variants)).toContain('de');
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

describe('the text part that is made of the HTML', () => {
  const both = async (words: string, n: number | string) => {
    write('note/mail.mjml', mail(words, { more: 'events: note.made\nsample: { event: { n: 1, at: 1, days: 1 } }\n' }));
    const { html, text } = render(await compiled(), {}, { n, at: 1, days: 1 });
    return [/<div[^>]*font-size:16px[^>]*>([^]*?)<\/div>/.exec(html)?.[1]?.trim(), text.split('\n')[0]];
  };

  it('asks what the HTML asks, whatever stands in strings', async () => {
    const words = '{{#if (eq event.n "<none>")}}NONE{{else if (eq event.n "a }} &amp; b")}}AND{{else}}SOME{{/if}}';
    expect(await both(words, '<none>')).toEqual(['NONE', 'NONE']);
    expect(await both(words, 'a }} &amp; b')).toEqual(['AND', 'AND']);
    expect(await both(words, 'a }} & b')).toEqual(['SOME', 'SOME']);
    expect(await both('{{plural event.n one="#  <b>day" other="#  days"}}', 1)).toEqual([
      '1  &lt;b&gt;day',
      '1  <b>day',
    ]);
  });

  it('shows the braces that the HTML shows', async () => {
    expect(await both('Write \\{{event.n}} for {{event.n}}', 3)).toEqual([
      'Write {{event.n}} for 3',
      'Write {{event.n}} for 3',
    ]);
    expect(await both('C:\\\\{{event.n}} and {a}', 3)).toEqual(['C:\\3 and {a}', 'C:\\3 and {a}']);
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
    write('welcome/mail.mjml', readFileSync(join(dir(), 'welcome/mail.mjml'), 'utf8').replaceAll('\n', '\r\n'));
    expect(await version()).toBe(template('welcome').version);
  });

  it.each([
    ['the words', 'welcome/mail.mjml'],
    ['a language', 'welcome/mail.ar.mjml'],
    ['the layout', 'layouts/base.mjml'],
    ['a partial', 'partials/footer.de.mjml'],
  ])('changes with %s, and not with another template', async (_part, file) => {
    const before = await version('receipt');
    write(file, readFileSync(join(dir(), file), 'utf8').replace(/<mj-text/, '<mj-text padding-top="1px"'));
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
    expect(rows.length).toBe(7);
    for (const helper of helperNames) expect(page).toContain(helper);
  });
});
