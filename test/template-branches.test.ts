import { describe, expect, it } from 'vitest';

import { branchesOf } from '../templates/branches.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { TemplateError } from '../templates/template-error.ts';
import {
  dir,
  known,
  linted,
  mail,
  messages,
  only,
  section,
  templatesToLint,
  text,
  told,
  write,
} from './support/template-to-lint.ts';

templatesToLint();

const events = 'events: [user.signed_up, trial.started]\nsample: { person: { name: Ada }, event: {} }\n';

async function mistakes(): Promise<readonly string[]> {
  try {
    await compileAll(dir(), ['note'], known);
    return [];
  } catch (error) {
    if (error instanceof TemplateError) return error.mistakes;
    throw error;
  }
}

describe('the branches of a template', () => {
  const branches = (source: string) => branchesOf(source, (mustache) => mustache);

  it('are all there, those of a loop, of a chain and of a plural too, and fit together', () => {
    expect(branches('a{{#if x}}b{{#each y}}c{{else}}d{{/each}}{{else if z}}e{{else}}f{{/if}}{{v}}')).toEqual([
      'abc{{v}}',
      'abd{{v}}',
      'ae{{v}}',
      'af{{v}}',
    ]);
    expect(branches('{{#if x}}<b>{{/if}}y{{#if x}}</b>{{/if}}')).toEqual(['<b>y</b>', 'y']);
    expect(branches('{{#if x}}a{{/if}}{{#unless x}}b{{/unless}}')).toEqual(['a', 'b']);
    expect(branches('{{plural n one="<a>" other="b"}}')).toEqual(['&lt;a&gt;', 'b']);
  });

  it('are not more than a publish can look at, and none of them is left out', () => {
    const chain = Array.from({ length: 200 }, (_, index) => `{{#if x}}${index};{{else}}`).join('');
    const found = branches(`${chain}${'{{/if}}'.repeat(200)}`);
    expect(found.length).toBeLessThan(100);
    expect(new Set(found.join('').match(/\d+/g)).size).toBe(200);
  });
});

describe('what the sample does not show is looked at before it is published', () => {
  const hidden = (words: string) => `\n{{#if event.plan}}${words}{{/if}}`;

  it.each([
    ['a link that runs a script', hidden('<a href="javascript:alert(1)">x</a>'), '<a href="javascript:…">'],
    ['a script', hidden('<script>alert(1)</script>'), '<script> has no place in a mail'],
    ['an event handler', hidden('<b onclick="x()">x</b>'), '<b onclick=…>: no event handlers'],
    ['CSS that loads a script', hidden('<p style="background:url(javascript:1)">x</p>'), 'url(javascript:…) in CSS'],
    [
      'the other half of a link',
      '\n<a href="{{#if person.name}}https://example.com{{else}}javascript:1{{/if}}">x</a>',
      '<a href="javascript:…">',
    ],
    [
      'the other form of a plural',
      "\n<a href=\"{{plural 2 one='javascript:1' other='https://example.com'}}\">x</a>",
      '<a href="javascript:…">',
    ],
    ['a link without its address', '\n<a href="{{#if event.plan}}https://example.com{{/if}}">x</a>', '<a href="">'],
  ])('and refused: %s', async (_what, words, says) => {
    write('note/mail.mjml', mail(text(words), { more: events }));
    const found = await mistakes();
    expect(found).toEqual([expect.stringMatching(/^note\/mail\.mjml:\d+ .* \(unsafe-html\)$/)]);
    expect(found[0]).toContain(says);
    if (!says.includes('""')) expect(found[0]).toContain('note/mail.mjml:11 ');
  });

  it('and is told once where the sample shows it too', async () => {
    write('note/mail.mjml', mail(text('<a href="javascript:1">x</a><a href="">y</a>')));
    expect((await mistakes()).map((mistake) => mistake.replace(/:.*/, ''))).toEqual([
      'note/mail.mjml',
      'note/mail.mjml',
    ]);
  });

  it('is linted: http links, images without alt, links to nowhere, each once', async () => {
    const words =
      '<a href="http://example.com/a">a</a><img src="{{event.plan}}"><a href="#">Here</a>{{#if person.name}}<a href="#">Here</a>{{/if}}';
    write('note/mail.mjml', mail(text(`${hidden(words)} ${'word '.repeat(20)}`), { more: events }));
    expect(await linted()).toEqual([
      expect.objectContaining({ rule: 'image-alt', message: expect.stringContaining('the image {{event.plan}} has') }),
      expect.objectContaining({ rule: 'http-link', message: 'http://example.com/a: make it https:', line: 11 }),
      expect.objectContaining({ rule: 'empty-link', message: expect.stringContaining('"Here" has href="#"') }),
    ]);
  });

  it('and a link of the sample alone is told as well', async () => {
    const more =
      'events: cart.abandoned\nsample: { event: { cart_id: c, total: 1, currency: EUR, url: "http://a.example" } }\n';
    write('note/mail.mjml', mail(text('{{#if event.url}}<a href="{{event.url}}">x</a>{{/if}}'), { more }));
    expect(await messages('http-link')).toEqual(['http://a.example: make it https:']);
  });
});

describe('the way out and the postal address are there for everybody', () => {
  const kind = 'marketing';
  const address = 'Rivulet Ltd, 1 Example Street, Exampletown';
  const wayOut = '<a href="{{links.unsubscribe}}">Out</a>';
  const footer = (link: string, of = `<p class="postal-address">${address}</p>`) =>
    write('partials/footer.mjml', text(`${of}${link}`));
  const errors = async () => (await told()).filter((found) => found.startsWith('error '));
  const written = () => write('note/mail.mjml', mail(text('Hello'), { kind, more: events }));

  it.each([
    ['{{#if person.name}}', '{{/if}}'],
    ['{{#if (eq person.name "Ada")}}', '{{/if}}'],
    ['{{#unless event.plan}}', '{{/unless}}'],
    ['{{#if event.plan}}x{{else}}', '{{/if}}'],
    ['{{#if links.unsubscribe}}{{#if person.name}}', '{{/if}}{{/if}}'],
    ['{{#if links.confirm}}x{{else}}', '{{/if}}'],
  ])('and not inside of %s', async (before, behind) => {
    written();
    footer(`${before}${wayOut}${behind}`);
    expect(await messages('unsubscribe-link')).toEqual([
      expect.stringMatching(/^some data hides the link to .*no block but \{\{#if links\.unsubscribe\}\}/),
      expect.stringContaining('some data hides {{links.unsubscribe}} from the text part'),
    ]);
    footer(wayOut, `${before}<p class="postal-address">${address}</p>${behind}`);
    expect(await messages('postal-address')).toEqual([expect.stringContaining('some data hides the postal address')]);
  });

  it.each([
    `{{#if links.unsubscribe}}${wayOut}{{/if}}`,
    `{{#if links.preferences}}${wayOut}{{else}}x{{/if}}`,
    `{{#unless links.unsubscribe}}x{{else}}${wayOut}{{/unless}}`,
    '{{#with links}}<a href="{{unsubscribe}}">Out</a>{{/with}}',
    '{{#with event}}<a href="{{../links.unsubscribe}}">Out</a>{{/with}}',
    `{{#if person.name}}${wayOut}{{/if}}${wayOut}`,
  ])('but as %s', async (link) => {
    written();
    footer(link);
    expect(await errors()).toEqual([]);
  });

  it('in a text part written by hand too', async () => {
    written();
    const both = `${address}\n{{links.unsubscribe}}\n{{links.preferences}}\n`;
    write('note/mail.txt', `Hello\n{{#if person.name}}${both}{{/if}}`);
    expect(
      (await linted())
        .filter(({ level }) => level === 'error')
        .map(({ rule, message }) => [rule, message.replace(/:.*/, '')]),
    ).toEqual([
      ['unsubscribe-link', 'some data hides {{links.unsubscribe}} from the text part'],
      ['postal-address', 'some data hides the postal address from the text part'],
    ]);
    write('note/mail.txt', `Hello\n{{#if links.unsubscribe}}${both}{{/if}}`);
    expect(await errors()).toEqual([]);
  });

  it('and may come from the event', async () => {
    const more = 'events: user.signed_up\nsample: { event: { plan: "Rivulet Ltd, 1 Example Street" } }\n';
    write('note/mail.mjml', mail(text('Hello'), { kind, more }));
    footer(wayOut, '<p class="postal-address">{{#if event.plan}}{{event.plan}}{{/if}}</p>');
    expect(await messages('postal-address')).toEqual([expect.stringContaining('some data hides')]);
    footer(wayOut, '<p class="postal-address">{{event.plan}}</p>');
    expect(await only('postal-address')).toEqual([]);
  });

  it.each([
    'style="font-size:0"',
    'style="font-size:0px !important"',
    'style="visibility:hidden"',
    'style="opacity:0.0"',
    'style="max-height:0;overflow:hidden"',
    'style="display : NONE"',
    'hidden',
  ])('and not hidden by %s', async (how) => {
    written();
    footer(`<span ${how}>${wayOut}</span>`, `<div ${how}><p class="postal-address">${address}</p></div>`);
    expect(await errors()).toEqual(['error unsubscribe-link', 'error postal-address']);
    footer(`<a ${how} href="{{links.unsubscribe}}">Out</a>`);
    expect(await errors()).toEqual(['error unsubscribe-link']);
  });

  it.each(['style="font-size:50%"', 'style="opacity:0.5"', 'style="max-height:10px"', 'style="visibility:visible"'])(
    'and is seen with %s',
    async (how) => {
      written();
      footer(
        `<span style="font-size:0"><span style="font-size:10px"><a ${how} href="{{links.unsubscribe}}">Out</a></span></span>`,
      );
      expect(await errors()).toEqual([]);
    },
  );
});

describe('what CSS loads', () => {
  it('begins with https:', async () => {
    const raw = '<mj-raw><style>p { background: url("http://example.com/b.png") }</style></mj-raw>';
    const words = '<p style="color:red;background:URL(http://example.com/a.png)">x</p>';
    write('note/mail.mjml', mail(`${section(raw)}${text(words)}`));
    expect((await messages('http-link')).toSorted()).toEqual([
      'http://example.com/a.png: make it https:',
      'http://example.com/b.png: make it https:',
    ]);
  });

  it('is no style sheet from elsewhere', async () => {
    const sheet = '<style>\n@import url(https://example.com/a.css);</style>';
    const link =
      '<link rel="stylesheet" href="https://example.com/b.css"><link rel="icon" href="https://example.com/c">';
    write('note/mail.mjml', mail(section(`<mj-raw>${sheet}\n${link}</mj-raw><mj-text>x</mj-text>`)));
    expect(await linted()).toEqual([
      expect.objectContaining({
        rule: 'remote-css',
        level: 'warning',
        message: expect.stringMatching(/^@import/),
        line: 9,
      }),
      expect.objectContaining({ rule: 'remote-css', message: expect.stringMatching(/^<link/), line: 10 }),
    ]);
  });
});
