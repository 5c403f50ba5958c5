import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  dir,
  layout,
  linted,
  mail,
  messages,
  only,
  section,
  templatesToLint,
  text,
  told,
  variant,
  write,
} from './support/template-to-lint.ts';

templatesToLint();

describe('images', () => {
  const many =
    'One two three four five six seven eight nine ten, and the same words once more: one two three four five.';
  const image = (more: string) => `<img src="https://example.com/tea.png" width="40"${more}>`;

  it('have an alt, which may be empty', async () => {
    write('note/mail.mjml', mail(text(`${many}\n${image('')}`)));
    expect(await only('image-alt')).toEqual([
      expect.objectContaining({ level: 'warning', file: 'note/mail.mjml', line: 9 }),
    ]);
    write('note/mail.mjml', mail(text(`${many} ${image(' alt=""')} ${image(' alt="Tea"')}`)));
    expect(await told()).toEqual([]);
  });

  it('say where they lead when they are all of a link', async () => {
    const linked = (inner: string) => mail(text(`${many} <a href="https://example.com/a">${inner}</a>`));
    write('note/mail.mjml', linked(image(' alt=" "')));
    expect(await messages('image-alt')).toEqual([expect.stringContaining('the link to https://example.com/a')]);
    write('note/mail.mjml', linked(image('')));
    expect(await messages('image-alt')).toEqual([expect.stringContaining('has no alt')]); // once
    for (const inner of [image(' alt="Tea"'), `${image(' alt=""')} Tea`]) {
      write('note/mail.mjml', linked(inner));
      expect(await told()).toEqual([]);
    }
  });

  it('are not the whole mail: preheader, address and the links of the footer do not count', async () => {
    const kind = 'marketing';
    write('note/mail.mjml', mail(section('<mj-image src="https://example.com/tea.png" alt="Tea" />'), { kind }));
    expect(await linted()).toEqual([
      expect.objectContaining({
        rule: 'images-only',
        level: 'warning',
        message: expect.stringContaining('it has 0 words'),
      }),
    ]);
    write(
      'note/mail.mjml',
      mail(section(`<mj-image src="https://example.com/tea.png" alt="Tea" /><mj-text>${many}</mj-text>`), { kind }),
    );
    expect(await told()).toEqual([]);
  });
});

describe('links', () => {
  it('begin with https:, as do images', async () => {
    const plain = '\n<a href="http://example.com/a">x</a><img alt="" src="http://example.com/b.png">';
    write('note/mail.mjml', mail(text(`${plain} ${'word '.repeat(20)}`)));
    expect(await only('http-link')).toEqual([
      expect.objectContaining({ level: 'warning', message: 'http://example.com/a: make it https:', line: 9 }),
      expect.objectContaining({ message: 'http://example.com/b.png: make it https:' }),
    ]);
    write('note/mail.mjml', mail(text(`${plain.replaceAll('http:', 'https:')} ${'word '.repeat(20)}`)));
    expect(await told()).toEqual([]);
  });

  it.each([
    ['a link without href', text('<a>Here</a>')],
    ['a link to #', text('<a href="#">Here</a>')],
    ['a button without href', section('<mj-button>Here</mj-button>')],
  ])('lead somewhere, and not as %s', async (_what, body) => {
    write('note/mail.mjml', mail(body));
    expect(await linted()).toEqual([
      expect.objectContaining({
        rule: 'empty-link',
        level: 'warning',
        message: expect.stringContaining('"Here" has'),
        line: 8,
      }),
    ]);
  });

  it.each([
    ['a button', section('<mj-button href="https://example.com/a">Here</mj-button>')],
    ['the target of a link', text('<a name="here">Here</a>')],
  ])('are told nothing as %s', async (_what, body) => {
    write('note/mail.mjml', mail(body));
    expect(await messages('empty-link')).toEqual([]);
  });
});

describe('the head', () => {
  it('has a color scheme', async () => {
    layout(/<meta name="color-scheme"[^>]*>/, '');
    write('note/mail.mjml', mail(text('Hello')));
    expect(await told()).toEqual(['warning color-scheme']);
  });

  it.each([
    ['none', 'lang="{{locale.language}}"', ''],
    ['another', '{{locale.language}}', 'fr'],
  ])('names the language of the mail, and not %s', async (_which, from, to) => {
    layout(from, to);
    write('note/mail.mjml', mail(text('Hello')));
    expect(await told()).toEqual(['error language']);
  });

  it('may name it for one country', async () => {
    layout('{{locale.language}}', 'en-GB');
    write('note/mail.mjml', mail(text('Hello')));
    expect(await told()).toEqual([]);
  });

  it('says from which side an Arabic mail is written', async () => {
    write('note/mail.mjml', mail(text('Hello')));
    write('note/mail.ar.mjml', variant(text('مرحبا')));
    expect(await told()).toEqual([]);
    layout('dir="{{locale.direction}}"', 'dir="ltr"');
    expect(await linted()).toEqual([
      expect.objectContaining({ rule: 'language', level: 'warning', file: 'note/mail.ar.mjml', locale: 'ar' }),
    ]);
    layout('dir="ltr"', '');
    expect(await messages('language')).toEqual([expect.stringContaining('ar is written rtl')]);
    layout('lang="{{locale.language}}"', 'lang="{{locale.language}}" dir="rtl"');
    expect(await messages('language')).toEqual([expect.stringContaining('en is written ltr')]);
  });
});

describe('css-support', () => {
  it('tells a feature once, with those that do not know it, and where it stands first', async () => {
    const grid = '\n<p style="display:grid">x</p>';
    write('note/mail.mjml', mail(text(`${grid}${grid}`)));
    write('note/mail.de.mjml', variant(text(grid)));
    expect(await linted()).toEqual([
      {
        rule: 'css-support',
        level: 'warning',
        message:
          'display:grid: Gmail, Outlook on Windows, and Yahoo Mail do not support it (https://www.caniemail.com/features/css-display-grid/)',
        file: 'note/mail.mjml',
        line: 9,
      },
    ]);
  });

  it.each([
    ['a property', '<p style="z-index:1">x</p>', /^z-index: .*Gmail/],
    ['one of a family of properties', '<p style="grid-template-rows:1fr">x</p>', /^grid-template-\* properties: /],
    ['a function', '<p style="width:calc(1px + 2px)">x</p>', /^CSS calc\(\) function: .*Outlook/],
    ['a variable', '<p style="color:var(--ink)">x</p>', /^CSS Variables/],
    ['a unit', '<p style="font-size:1.5rem">x</p>', /^rem unit: .*Yahoo Mail/],
    ['an element', '<video>x</video>', /^<video> element: .*Outlook\.com/],
    ['an element of HTML5', '<article>x</article>', /^HTML5 semantics: /],
    ['an attribute', '<p aria-labelledby="x">x</p>', /^aria-labelledby attribute: /],
    ['a link within the mail', '<a href="#below">x</a>', /^Local anchors: Gmail \(iOS\)/],
  ])('knows %s', async (_what, words, message) => {
    write('note/mail.mjml', mail(text(words)));
    expect(await messages('css-support')).toContainEqual(expect.stringMatching(message));
  });

  it.each([
    ['a selector', '.card > p { color: red; }', /^Child combinator: Outlook on Windows does/],
    ['a pseudo-class', 'p:nth-child(2) { color: red; }', /^:nth-child: /],
    ['a pseudo-element', 'p::before { color: red; }', /^::before: /],
    ['an at-rule', '@font-face { font-family: Ink; src: url(https://example.com/ink.woff2); }', /^@font-face: Gmail/],
    ['a property', 'p {\n/* why */\nbox-shadow: 0 0 1px red }', /^box-shadow: Gmail \(web\)/],
  ])('knows %s of the layout’s style sheet', async (_what, css, message) => {
    layout('<mj-style>\n', `<mj-style>\n${css}\n`);
    write('note/mail.mjml', mail(text('Hello')));
    const found = await only('css-support');
    expect(found.map((one) => one.message)).toEqual([expect.stringMatching(message)]);
    const lines = readFileSync(join(dir(), 'layouts/base.mjml'), 'utf8').split('\n');
    const line = lines.findIndex((one) => one.includes(css.split('\n').at(-1) as string)) + 1;
    expect(found[0]).toMatchObject({ file: 'layouts/base.mjml', line });
  });

  it('says nothing of what MJML writes, nor of what is made for those that know it', async () => {
    layout('<mj-style>\n', '<mj-style>\n@media (max-width: 400px) { .card > p:hover { display: grid; } }\n');
    const body = section(
      '<mj-button border-radius="4px" href="https://example.com/a">x</mj-button><mj-divider />' +
        '<mj-text><a target="_blank" style="border-radius:4px" href="https://example.com/b">x</a></mj-text>',
    );
    write(
      'note/mail.mjml',
      mail(body.replace('<mj-section>', '<mj-section background-url="https://example.com/b.png">')),
    );
    expect(await told()).toEqual([]);
  });
});

describe('locales-differ', () => {
  const more = 'events: cart.abandoned\nsample: { event: { cart_id: c, total: 1, currency: EUR, items: [] } }\n';
  const items = '{{#each event.items}}{{this.name}}{{/each}}';

  it('names the field and both files, a list without its items', async () => {
    write('note/mail.mjml', mail(text(`${items} {{event.total}}`), { more }));
    write('note/mail.de.mjml', variant(text('{{event.cart_id}}')));
    expect(await linted()).toEqual(
      [
        ['note/mail.de.mjml', 'event.items is not used in note/mail.de.mjml, and is in note/mail.mjml'],
        ['note/mail.de.mjml', 'event.total is not used in note/mail.de.mjml, and is in note/mail.mjml'],
        ['note/mail.mjml', 'event.cart_id is not used in note/mail.mjml, and is in note/mail.de.mjml'],
      ].map(([file, message]) => ({ rule: 'locales-differ', level: 'warning', file, message })),
    );
  });

  it('says nothing where the words differ and the fields do not', async () => {
    write('note/mail.mjml', mail(text(`${items} {{event.total}}`), { more }));
    write('note/mail.de.mjml', variant(text(`{{event.total}} ${items}`)));
    expect(await told()).toEqual([]);
  });
});

describe('unused-variable', () => {
  const order = (sample: string) => `events: order.completed\nsample: { ${sample} }\n`;
  const event =
    '{ order_id: o, total: 1, currency: EUR, cart_id: c, items: [{ name: Tea, quantity: 1, price: 1, color: green }] }';

  it('is a name, a field or a field of an item that no language shows and no event requires', async () => {
    const more = order(`person: { name: Ada, locale: en, time_zone: Europe/Berlin, country: DE }, event: ${event}`);
    write('note/mail.mjml', mail(text('{{#each event.items}}{{this.name}}{{/each}}'), { more }));
    expect(await linted()).toEqual(
      ['person.name', 'event.cart_id', 'event.items[].color'].map((path) => ({
        rule: 'unused-variable',
        level: 'warning',
        file: 'note/mail.mjml',
        message: `sample.${path} is used in no language: take it out, or show it`,
      })),
    );
  });

  it('is none that one language uses', async () => {
    const more = order(`person: { name: Ada }, event: ${event}`);
    const items = '{{#each event.items}}{{this.name}}{{this.color}}{{/each}}';
    write('note/mail.mjml', mail(text(items), { more }));
    write('note/mail.de.mjml', variant(text(`${items} {{event.cart_id}} {{#if person.name}}{{person.name}}{{/if}}`)));
    expect(await only('unused-variable')).toEqual([]);
  });

  it('is told once, though each language has the sample', async () => {
    const more = order('event: { order_id: o, total: 1, currency: EUR, cart_id: c }');
    write('note/mail.mjml', mail(text('Hello'), { more }));
    write('note/mail.de.mjml', variant(text('Hallo')));
    expect(await messages('unused-variable')).toEqual([expect.stringContaining('sample.event.cart_id')]);
  });
});
