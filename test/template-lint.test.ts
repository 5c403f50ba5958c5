import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compileAll } from '../templates/compile/compile-all.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import type { Finding } from '../templates/compiled.ts';
import { describeLint } from '../templates/lint/describe.ts';
import { lint } from '../templates/lint/lint.ts';
import { rules } from '../templates/lint/rules.ts';
import { templateNames } from '../templates/names.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shipped = join(root, 'templates');
const known = { topics: ['onboarding', 'offers'] };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rivulet-lint-'));
  for (const folder of ['layouts', 'partials']) cpSync(join(shipped, folder), join(dir, folder), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
}

/** Changes the shipped layout of this test. */
function layout(from: string | RegExp, to: string): void {
  const file = join(dir, 'layouts/base.mjml');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

const goodPreheader = 'What this mail is about, in one short sentence.';
const section = (inner: string) => `<mj-section>\n<mj-column>\n${inner}\n</mj-column>\n</mj-section>\n`;
const text = (words: string) => section(`<mj-text>${words}</mj-text>`);

interface Parts {
  subject?: string;
  preheader?: string;
  kind?: 'marketing' | 'transactional';
  more?: string;
}

/** A mail that no rule has anything to say about, but for what is given. */
function mail(
  body: string,
  { subject = 'Hello', preheader = goodPreheader, kind = 'transactional', more = '' }: Parts = {},
) {
  const topic = kind === 'marketing' ? 'topic: offers\n' : '';
  return `---\nsubject: ${JSON.stringify(subject)}\npreheader: ${JSON.stringify(preheader)}\nclass: ${kind}\n${topic}${more}---\n${body}`;
}

function variant(body: string, { subject = 'Hallo', preheader = goodPreheader }: Parts = {}) {
  return `---\nsubject: ${JSON.stringify(subject)}\npreheader: ${JSON.stringify(preheader)}\n---\n${body}`;
}

async function linted(name = 'note'): Promise<Finding[]> {
  return lint((await compileTemplate(dir, name, known)).template);
}

/** `level rule` of each finding. */
async function told(): Promise<string[]> {
  return (await linted()).map(({ level, rule }) => `${level} ${rule}`);
}

const only = async (rule: string) => (await linted()).filter((found) => found.rule === rule);
const messages = async (rule: string) => (await only(rule)).map(({ message }) => message);

describe('what ships', () => {
  it('has no error in it', async () => {
    const { templates } = await compileAll(shipped, templateNames, known);
    expect(templates).toHaveLength(11);
    const findings = (await Promise.all(templates.map(lint))).flat();
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    const quiet = ['unused-variable', 'preheader-length', 'css-support'];
    expect(findings.filter(({ rule }) => !quiet.includes(rule))).toEqual([]);
  });
});

describe('a mail that is as it should be', () => {
  it.each(['marketing', 'transactional'] as const)('is told nothing when it is %s', async (kind) => {
    write('note/mail.mjml', mail(text('Hello <a href="https://example.com/a">there</a>'), { kind }));
    expect(await linted()).toEqual([]);
  });
});

describe('unsubscribe-link', () => {
  const kind = 'marketing';

  it('misses the way out in both parts of marketing mail', async () => {
    write(
      'partials/footer.mjml',
      text('x').replace('<mj-text>', '<mj-text css-class="postal-address">1 Example Street '),
    );
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    expect(await told()).toEqual(['error unsubscribe-link', 'error unsubscribe-link']);
  });

  it('misses it in a text part written by hand', async () => {
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    write('note/mail.txt', 'Hello\nRivulet Ltd, 1 Example Street, Exampletown\n{{links.preferences}}\n');
    expect(await linted()).toEqual([
      expect.objectContaining({ rule: 'unsubscribe-link', file: 'note/mail.mjml', locale: 'en' }),
    ]);
  });

  it('wants none in a receipt', async () => {
    write('partials/footer.mjml', text('bye'));
    write('note/mail.mjml', mail(text('Hello')));
    expect(await told()).toEqual([]);
  });
});

describe('postal-address', () => {
  const kind = 'marketing';
  const wayOut = '<a href="{{links.unsubscribe}}">out</a>';
  const footer = (address: string) => write('partials/footer.mjml', text(`${address}</mj-text><mj-text>${wayOut}`));

  it('misses an element of the class', async () => {
    footer('Rivulet Ltd, 1 Example Street, Exampletown');
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    expect(await told()).toEqual(['error postal-address']);
  });

  it.each(['', 'Rivulet', '<span style="display:none">Rivulet Ltd, 1 Example Street, Exampletown</span>'])(
    'takes no other words for an address: "%s"',
    async (words) => {
      footer(`</mj-text><mj-text css-class="small postal-address">${words}`);
      write('note/mail.mjml', mail(text('Hello'), { kind }));
      expect(await told()).toEqual(['error postal-address']);
    },
  );

  it('misses it in a text part written by hand, wherever its lines break', async () => {
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    const links = '{{links.unsubscribe}}\n{{links.preferences}}\n';
    write('note/mail.txt', `Hello\n${links}`);
    expect(await told()).toEqual(['error postal-address']);
    write('note/mail.txt', `Hello\nRivulet Ltd\n1 Example Street,\nExampletown\n${links}`);
    expect(await messages('postal-address')).toEqual([
      'the text part does not hold the postal address "Rivulet Ltd, 1 Example Street, Exampletown"',
    ]);
    write('note/mail.txt', `Hello\nRivulet Ltd,\n1 Example Street,\nExampletown\n${links}`);
    expect(await told()).toEqual([]);
  });

  it('takes one with a link in it', async () => {
    footer(
      '</mj-text><mj-text css-class="postal-address"><a href="https://example.com">Rivulet Ltd</a>, 1 Example Street',
    );
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    expect(await told()).toEqual([]);
  });
});

describe('the subject', () => {
  const sample = 'sample: { person: { name: Ada } }\n';

  it('is not empty, for Ada or for somebody without a name', async () => {
    const subject = '{{#if person.name}}Hello, {{person.name}}{{/if}}';
    write('note/mail.mjml', mail(text('Hello'), { subject, more: sample }));
    expect(await linted()).toEqual([
      expect.objectContaining({
        rule: 'subject-empty',
        level: 'error',
        message: expect.stringContaining('without a name'),
      }),
    ]);
    write('note/mail.mjml', mail(text('Hello'), { subject }));
    expect(await messages('subject-empty')).toEqual([expect.stringContaining('with its sample')]);
    write(
      'note/mail.mjml',
      mail(text('Hello'), { subject: subject.replace('{{/if}}', '{{else}}Hello{{/if}}'), more: sample }),
    );
    expect(await told()).toEqual([]);
  });

  it('is told from 71 characters on, and where phones cut it', async () => {
    write('note/mail.mjml', mail(text('Hello'), { subject: 'x'.repeat(78) }));
    expect(await linted()).toEqual([expect.objectContaining({ rule: 'subject-length', level: 'warning' })]);
    expect((await messages('subject-length'))[0]).toMatch(/has 78 characters; .*about 70, phones after about 40/);
    write('note/mail.mjml', mail(text('Hello'), { subject: 'x'.repeat(71) }));
    expect(await told()).toEqual(['warning subject-length']);
    write('note/mail.mjml', mail(text('Hello'), { subject: 'x'.repeat(70) }));
    expect(await told()).toEqual([]);
  });

  it('counts a family of emoji as one', async () => {
    const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}'; // 11 code units
    write('note/mail.mjml', mail(text('Hello'), { subject: family.repeat(70) }));
    expect(await told()).toEqual([]);
    write('note/mail.mjml', mail(text('Hello'), { subject: family.repeat(71) }));
    expect(await messages('subject-length')).toEqual([expect.stringContaining('has 71 characters')]);
  });
});

describe('preheader-length', () => {
  it.each([
    [0, 1],
    [29, 1],
    [30, 0],
    [140, 0],
    [141, 1],
  ])('with %i characters is told %i times', async (length, times) => {
    write('note/mail.mjml', mail(text('Hello'), { preheader: 'é'.repeat(length) }));
    expect(await told()).toEqual(Array.from({ length: times }, () => 'warning preheader-length'));
  });
});

describe('text-part', () => {
  it('has words', async () => {
    write('note/mail.mjml', mail(text('Hello')));
    write('note/mail.txt', '--\n');
    expect(await linted()).toEqual([
      { rule: 'text-part', level: 'error', message: 'the text part has no words', file: 'note/mail.txt', locale: 'en' },
    ]);
  });

  it('has the links of the HTML, all of them and to the end', async () => {
    const links = ['https://example.com/a', 'mailto:help@example.com', 'tel:+43-1-234'].map(
      (href) => `<a ses:no-track href="${href}">x</a>`,
    );
    write('note/mail.mjml', mail(text(`Hello ${links.join(' ')}`)));
    write('note/mail.txt', 'Hello: https://example.com/abc');
    expect(await told()).toEqual(Array.from({ length: 3 }, () => 'warning text-part'));
    expect(await messages('text-part')).toContain(
      'the text part lacks the link to https://example.com/a, which the HTML has',
    );
    write('note/mail.txt', 'Hello (https://example.com/a). help@example.com, +43 1 234');
    expect(await told()).toEqual([]);
  });

  it('that is made from the HTML has them anyway', async () => {
    write('note/mail.mjml', mail(text('<a href="https://example.com/a?b=1&amp;c=2">x</a>')));
    expect(await told()).toEqual([]);
  });
});

describe('gmail-clip', () => {
  it.each([
    ['marketing', 110, 'error'],
    ['transactional', 110, 'warning'],
    ['marketing', 75, 'warning'],
  ] as const)('tells a %s mail with %i KB of words as %s', async (kind, kilobytes, level) => {
    write('note/mail.mjml', mail(text('é '.repeat((kilobytes * 1024) / 3)), { kind })); // 3 bytes each
    expect(await told()).toEqual([`${level} gmail-clip`]);
  });

  it('says nothing of half of that', async () => {
    write('note/mail.mjml', mail(text('é '.repeat((50 * 1024) / 3))));
    expect(await told()).toEqual([]);
  });
});

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
    const lines = readFileSync(join(dir, 'layouts/base.mjml'), 'utf8').split('\n');
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

describe('docs/lint.md', () => {
  it('is what templates/lint/describe.ts writes, with every rule once', () => {
    const page = readFileSync(join(root, 'docs/lint.md'), 'utf8');
    expect(page).toBe(describeLint());
    const names = [...page.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    expect(names).toEqual(rules.map(({ name }) => name));
    expect(new Set(names).size).toBe(16);
  });
});
