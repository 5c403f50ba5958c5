import { describe, expect, it } from 'vitest';

import { prepare } from '../templates/catalogue.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { brokenStructure } from '../templates/compile/mjml-structure.ts';
import { strayText } from '../templates/compile/stray-text.ts';
import { render } from '../templates/render.ts';
import { dir, known, mail, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

const [ifName, end] = ['{{#if person.name}}', '{{/if}}'];
const text = '<mj-text>T</mj-text>';
const column = (inside: string) => `<mj-column>${inside}</mj-column>`;
const section = (inside: string) => `<mj-section>${inside}</mj-section>`;
const raw = (inside: string) => `<mj-raw>${inside}</mj-raw>`;
const problems = (body: string) => {
  const mjml = `<mjml><mj-body>\n${body}\n</mj-body></mjml>`;
  return [...strayText(mjml), ...brokenStructure(mjml)];
};

describe('what MJML would drop, or would leave half of, is refused', () => {
  it.each([
    ['a condition between sections', `${ifName}${section(column(text))}${end}`, /^\{\{#if .*mj-body.*<mj-raw>\{\{#if/],
    ['a loop between columns', section(`{{#each event.items}}${column(text)}{{/each}}`), /^\{\{#each .*mj-section/],
    ['{{#unless}} in a group', section(`<mj-group>{{#unless event.n}}${column(text)}</mj-group>`), /mj-group/],
    ['{{#with}} in a column', section(column(`{{#with event}}${text}{{/with}}`)), /^\{\{#with event\}\} .*mj-column/],
    ['an {{else}}', section(column(`${raw(ifName)}${text}{{else}}${text}${raw(end)}`)), /^\{\{else\}\} .*<mj-raw>/],
    ['an {{else if}}', section(column(`${text}{{else if event.n}}${text}`)), /^\{\{else if event\.n\}\} .*<mj-raw>/],
    ['a {{^}}', section(column(`${text}{{^}}${text}`)), /^\{\{\^\}\} .*write <mj-raw>/],
    ['a value', section(column(`{{event.n}}${text}`)), /^\{\{event\.n\}\} .*put it into an mj-text/],
    ['words in a hero', `<mj-hero>hello${text}</mj-hero>`, /^hello .*mj-hero/],
    ['words in a wrapper', `<mj-wrapper>hello${section(column(text))}</mj-wrapper>`, /^hello .*mj-wrapper/],
    ['words between icons', section(column('<mj-social>hello</mj-social>')), /^hello .*mj-social/],
    ['a condition in a menu', section(column(`<mj-navbar>${ifName}</mj-navbar>`)), /^\{\{#if .*mj-navbar/],
    ['words in an image', section(column('<mj-image src="x">hello</mj-image>')), /^hello stands in mj-image/],
    ['a condition in a divider', section(column(`<mj-divider>${ifName}</mj-divider>`)), /^\{\{#if .* in mj-divider/],
    ['words in a spacer', section(column('<mj-spacer>hello</mj-spacer>')), /^hello stands in mj-spacer/],
    ['an entity', section(column(`&nbsp;${text}`)), /^&nbsp; .*mj-column/],
    ['braces that are shown', section(column(`\\{{x}}${text}`)), /^\\\{\{x\}\} .*mj-column/],
    ['an invisible letter', section(column(`\u200b${text}`)), /mj-column, where MJML drops it/],
    ['elements in capitals', `<MJ-SECTION>hello${column(text)}</MJ-SECTION>`, /^hello .*mj-section/],
    [
      'a button in a text',
      section(column('<mj-text><mj-button>x</mj-button></mj-text>')),
      /^<mj-button> stands in mj-text/,
    ],
    ['a text in a text', section(column(`<mj-text>${text}</mj-text>`)), /put it behind <\/mj-text>$/],
    [
      'a section in a table',
      section(column(`<mj-table>${section('')}</mj-table>`)),
      /^<mj-section> stands in mj-table/,
    ],
    ['a head in a body', `<mj-head></mj-head>${section(column(text))}`, /^<mj-head> stands in mj-body: a layout has/],
    ['a second body', `<mj-body>${section(column(text))}</mj-body>`, /^<mj-body> stands in mj-body/],
    ['a document in a document', '<mjml></mjml>', /^<mjml> stands in mj-body/],
    [
      'a condition that ends in a column of it',
      `${raw(ifName)}${section(column(`${raw(end)}${text}`))}`,
      /^\{\{\/if\}\} stands in mj-column, and its \{\{#if person\.name\}\} in mj-body: put both between the same/,
    ],
    [
      'a condition that ends behind its column',
      section(`${column(`${raw(ifName)}${text}`)}${raw(end)}`),
      /in mj-section, and its/,
    ],
    [
      'an {{else}} in another place',
      section(`${raw(ifName)}${column(`${text}${raw('{{else}}')}`)}${raw(end)}`),
      /^\{\{else\}\} stands in mj-column/,
    ],
    [
      'a loop from a text to a section',
      `${section(column('<mj-text>{{#each event.items}}</mj-text>'))}${raw('{{/each}}')}`,
      /^\{\{\/each\}\} stands in mj-body/,
    ],
  ])('%s', (_what, body, says) => {
    const found = problems(body);
    expect(found[0]).toEqual({ line: 2, message: expect.stringMatching(says) });
  });

  it('in the middle of a compile too, at its line', async () => {
    write(
      'note/mail.mjml',
      mail('x').replace('<mj-text>', '<mj-text>\n<mj-button href="https://a.example">y</mj-button>'),
    );
    await expect(compileAll(dir(), ['note'], known)).rejects.toThrow(
      /note\/mail\.mjml:8 <mj-button> stands in mj-text/,
    );
  });
});

describe('conditions and loops that work', () => {
  const sample = 'events: cart.abandoned\nsample: { event: { cart_id: c, total: 1, currency: EUR, items: [] } }\n';
  const item = '<mj-text>{{this.name}}</mj-text>';

  it.each([
    ['around a section', `${raw(ifName)}${section(column(text))}${raw(end)}`, 'T', ''],
    [
      'or another section',
      `${raw(ifName)}${section(column(text))}${raw('{{else}}')}${section(column('<mj-text>U</mj-text>'))}${raw(end)}`,
      'T',
      'U',
    ],
    [
      'around a column',
      section(`${raw(ifName)}${column(text)}${raw(end)}${column('<mj-text>U</mj-text>')}`),
      'T U',
      'U',
    ],
    ['around a text', section(column(`${raw(ifName)}${text}${raw(end)}`)), 'T', ''],
    ['inside of a text', section(column(`<mj-text>${ifName}T{{else}}U${end}</mj-text>`)), 'T', 'U'],
    [
      'around words that are bold',
      section(column(`<mj-text>${ifName}<b>${end}T${ifName}</b>${end}</mj-text>`)),
      'T',
      'T',
    ],
    ['of sections', `${raw('{{#each event.items}}')}${section(column(item))}${raw('{{/each}}')}`, 'Tea Pot', ''],
    [
      'of texts',
      section(column(`${raw('{{#each event.items}}')}${item}${raw('{{else}}')}${text}${raw('{{/each}}')}`)),
      'Tea Pot',
      'T',
    ],
    [
      'of rows',
      section(column('<mj-table>{{#each event.items}}<tr><td>{{this.name}}, </td></tr>{{/each}}</mj-table>')),
      'Tea, Pot,',
      '',
    ],
    [
      'in an attribute',
      section(column(`<mj-button href="${ifName}https://a.example{{else}}https://b.example${end}">T</mj-button>`)),
      'T <https://a.example>',
      'T <https://b.example>',
    ],
    [
      'with comments between',
      section(column(`{{! why }}${raw(ifName)}<!-- so -->${text}{{!-- and --}}${raw(end)}`)),
      'T',
      '',
    ],
    [
      'from one text to the next',
      section(column(`<mj-text>${ifName}T</mj-text><mj-text>U${end}</mj-text>`)),
      'T U',
      '',
    ],
  ])('%s', async (_what, body, filled, empty) => {
    write('note/mail.mjml', mail('', { more: sample }).replace(/<mj-section>[^]*/, body));
    const { templates } = await compileAll(dir(), ['note'], known);
    const shown = (person: object, items: object[]) =>
      render(prepare(templates[0]!), person, { cart_id: 'c', total: 1, currency: 'EUR', items })
        .text.replace(/Rivulet Ltd[^]*/, '')
        .replaceAll(/\s+/g, ' ')
        .trim();
    const one = (name: string) => ({ name, quantity: 1, price: 1 });
    expect([shown({ name: 'Ada' }, [one('Tea'), one('Pot')]), shown({}, [])]).toEqual([filled, empty]);
  });
});
