import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { prepare } from '../templates/catalogue.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { lint } from '../templates/lint/lint.ts';
import { describeLint } from '../templates/lint/describe.ts';
import { rules } from '../templates/lint/rules.ts';
import { templateNames } from '../templates/names.ts';
import { known, linted, mail, messages, templatesToLint, text, told, write } from './support/template-to-lint.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shipped = join(root, 'templates');
templatesToLint();

describe('what ships', () => {
  it('has no error in it', async () => {
    const { templates } = await compileAll(shipped, templateNames, known);
    expect(templates).toHaveLength(11);
    const findings = (await Promise.all(templates.map((template) => lint(prepare(template))))).flat();
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

  it.each(['style="display:none"', ''])('misses one that can be seen (%s)', async (hidden) => {
    const address = text('x').replace('<mj-text>', '<mj-text css-class="postal-address">1 Example Street ');
    const words = hidden === '' ? '' : 'Unsubscribe';
    write('partials/footer.mjml', `${address}${text(`<a ${hidden} href="{{links.unsubscribe}}">${words}</a>`)}`);
    write('note/mail.mjml', mail(text('Hello'), { kind }));
    expect(await told()).toContain('error unsubscribe-link');
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
    write('partials/half.mjml', text('é '.repeat((kilobytes * 1024) / 6))); // 3 bytes each
    write('note/mail.mjml', mail('{{> half}}{{> half}}', { kind }));
    expect(await told()).toEqual([`${level} gmail-clip`]);
  });

  it('says nothing of half of that', async () => {
    write('note/mail.mjml', mail(text('é '.repeat((50 * 1024) / 3))));
    expect(await told()).toEqual([]);
  });
});

describe('docs/lint.md', () => {
  it('is what templates/lint/describe.ts writes, with every rule once', () => {
    const page = readFileSync(join(root, 'docs/lint.md'), 'utf8');
    expect(page).toBe(describeLint());
    const names = [...page.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    expect(names).toEqual(rules.map(({ name }) => name));
    expect(new Set(names).size).toBe(18);
  });
});
