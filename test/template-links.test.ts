import { describe, expect, it } from 'vitest';

import { prepare } from '../templates/catalogue.ts';
import { compileTemplate } from '../templates/compile/compile.ts';
import { needsOf } from '../templates/needs.ts';
import { render } from '../templates/render.ts';
import { dir, known, mail, only, section, templatesToLint, text, write } from './support/template-to-lint.ts';

templatesToLint();

const cart = { cart_id: 'a b&c=d', total: 1, currency: 'EUR', url: 'https://shop.example.com/cart' };
const more = `events: cart.abandoned\nsample: { event: ${JSON.stringify(cart)} }\n`;
const lint = (words: string) => {
  write('note/mail.mjml', mail(words, { more }));
  return only('unencoded-value');
};
const told = async (words: string) => (await lint(words)).map(({ message }) => message);

describe('{{url}} in an email', () => {
  it('encodes in the HTML, in the text part that is made of it, in one written by hand, and in the subject', async () => {
    const link = 'https://shop.example.com/{{url event.cart_id}}?c={{url event.currency}}';
    write('note/mail.mjml', mail(text(`<a href="${link}">x</a>`), { more, subject: 'See {{url event.cart_id}}' }));
    const rendered = async () => render(prepare((await compileTemplate(dir(), 'note', known)).template), {}, cart);
    const encoded = 'https://shop.example.com/a%20b%26c%3Dd?c=EUR';
    expect(await rendered()).toMatchObject({
      subject: 'See a%20b%26c%3Dd',
      html: expect.stringContaining(`href="${encoded}"`),
      text: expect.stringContaining(`<${encoded}>`),
    });
    write('note/mail.txt', `Hello\n${link}\n`);
    expect((await rendered()).text).toBe(`Hello\n${encoded}\n`);
  });

  it('works in buttons, images and comments that Outlook reads', async () => {
    const words =
      '<mj-button href="https://a.example/{{url event.cart_id}}">x</mj-button>' +
      '<mj-image alt="x" src="https://a.example/{{url event.cart_id}}.png" href="https://a.example/{{url event.cart_id}}" />' +
      '<mj-raw><!--[if mso]><a href="https://a.example/{{url event.cart_id}}">x</a><![endif]--></mj-raw>';
    write('note/mail.mjml', mail(section(words), { more }));
    const { template, findings } = await compileTemplate(dir(), 'note', known);
    expect(findings.filter(({ rule }) => rule === 'unencoded-value')).toEqual([]);
    expect(render(prepare(template), {}, cart).html.match(/a%20b%26c%3Dd/g)).toHaveLength(4);
  });

  it('leaves a field of that name to {{this.url}}', async () => {
    write(
      'note/mail.mjml',
      mail(text('{{#with event}}<a href="{{this.url}}">x</a>{{#if url}}y{{/if}}{{/with}}'), { more }),
    );
    const { template } = await compileTemplate(dir(), 'note', known);
    expect(needsOf(template.variants['en']!).map(({ path }) => path)).toContain('event.url');
  });

  it('counts as a use of its value', async () => {
    write('note/mail.mjml', mail(text('{{url event.cart_id}}{{url (date event.total)}}'), { more }));
    const { template } = await compileTemplate(dir(), 'note', known);
    expect(
      needsOf(template.variants['en']!)
        .slice(2, 4)
        .map(({ path, required, shown }) => [path, required, shown]),
    ).toEqual([
      ['event.cart_id', true, true],
      ['event.total', true, true],
    ]);
  });

  it.each([
    [
      '{{#with event}}{{url}}{{/with}}',
      /\{\{url\}\} takes one value, and has 0; a field of that name is \{\{this\.url\}\}/,
    ],
    ['{{url event.cart_id event.total}}', /\{\{url\}\} takes one value, and has 2/],
    ['{{#url event.cart_id}}x{{/url}}', /\{\{#url\}\}: url is no block; write \{\{url \.\.\.\}\}/],
    ['{{url event.crt_id}}', /has no "crt_id"; is it "cart_id"\?/],
    ['{{#if event.items}}{{url event.items}}{{/if}}', /it is a list/],
    ['<a href="{{url event.url}}">x</a>', /\{\{url event\.url\}\}: a link does not begin encoded/],
    ['<a href="https://{{url event.cart_id}}/x">x</a>', /must not be part of a host name/],
    ['<a href="https://example.com{{url event.cart_id}}/">x</a>', /must not be part of a host name/],
    ['<a href="https:{{url event.cart_id}}">x</a>', /must not be part of a host name/],
    ['<a href=" {{~url event.cart_id~}}/x">x</a>', /a link does not begin encoded/],
    ['<a href="{{#if event.url}}{{url event.url}}{{/if}}">x</a>', /<a href="…">: links begin with https:/],
    ['<img alt="" src="{{url event.cart_id}}">', /a link does not begin encoded/],
    ['<a href=https://a.example/{{url event.cart_id}}>x</a>', /between quotes only/],
    ['<p style="width:{{url event.total}}">x</p>', /data does not write CSS/],
  ])('is refused as %s', async (words, says) => {
    write('note/mail.mjml', mail(text(words), { more }));
    const mistakes = await compileTemplate(dir(), 'note', known).then(
      ({ findings }) => findings.filter(({ level }) => level === 'error').map(({ message }) => message),
      (error: Error) => [error.message],
    );
    expect(mistakes.join('\n')).toMatch(says);
  });
});

describe('unencoded-value', () => {
  it.each([
    ['<a href="https://a.example/?q={{event.cart_id}}">x</a>', '{{url event.cart_id}}'],
    ['<a href="https://a.example/{{event.cart_id}}/x">x</a>', '{{url event.cart_id}}'],
    ['<a href="https://{{event.cart_id}}.example.com/">x</a>', '{{url event.cart_id}}'],
    ['<a href="{{event.url}}/{{event.cart_id}}">x</a>', '{{url event.cart_id}}'],
    ['<a href="https://a.example/#{{event.cart_id}}">x</a>', '{{url event.cart_id}}'],
    ['<a href="mailto:a@example.com?subject={{event.cart_id}}">x</a>', '{{url event.cart_id}}'],
    [
      '<a href="https://a.example/{{money event.total event.currency}}">x</a>',
      '{{url (money event.total event.currency)}}',
    ],
    ['<a href="https://a.example/?a={{#if event.currency}}{{event.currency}}{{/if}}">x</a>', '{{url event.currency}}'],
    [
      '<a href="{{#if event.currency}}https://a.example/{{else}}https://b.example/{{/if}}{{event.cart_id}}">x</a>',
      '{{url event.cart_id}}',
    ],
    ['<img alt="x" src="https://a.example/{{event.cart_id}}.png">', '{{url event.cart_id}}'],
    ['</mj-text><mj-button href="https://a.example/{{event.cart_id}}">x</mj-button><mj-text>', '{{url event.cart_id}}'],
    ['</mj-text><mj-image alt="x" src="https://a.example/{{~event.cart_id~}}" /><mj-text>', '{{url event.cart_id}}'],
    ['<!--[if mso]><a href="https://a.example/{{event.cart_id}}">x</a><![endif]-->', '{{url event.cart_id}}'],
    ['<a href="https://a.example/?to={{event.cart_id}}&amp;c={{url event.currency}}">x</a>', '{{url event.cart_id}}'],
    ['{{#with event}}<a href="https://a.example/{{cart_id}}">x</a>{{/with}}', '{{url cart_id}}'],
  ])('finds the value in %s', async (words, right) => {
    const messages = await told(text(words));
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(message).toMatch(/ is not encoded: write /);
    expect(messages[0]).toContain(`write ${right}`);
  });

  it.each([
    '<a href="{{event.url}}">x</a>',
    '<a href=" {{event.url}} ">x</a>',
    '<a href="{{event.url}}?from=email">x</a>',
    '<a href="{{#if event.currency}}{{event.url}}{{else}}https://a.example/{{/if}}">x</a>',
    '<a href="https://a.example/{{url event.cart_id}}?c={{~ url event.currency ~}}">x</a>',
    '<a href="https://a.example/{{url (money event.total event.currency)}}">x</a>',
    '<a href="mailto:{{event.cart_id}}">x</a>',
    '<a href="tel:{{event.cart_id}}">x</a>',
    '<a href="https://a.example/{{locale.language}}/">x</a>',
    '<a href="https://a.example/{{#if event.currency}}a{{else}}b{{/if}}">x</a>',
    '{{#each event.items}}<a href="https://a.example/{{@index}}">x</a>{{/each}}',
    '{{event.cart_id}} <a title="{{event.cart_id}}" href="https://a.example/">{{event.cart_id}}</a>',
    '<!-- <a href="https://a.example/{{event.cart_id}}"> -->x',
    'https://a.example/ {{event.cart_id}}',
  ])('says nothing of %s', async (words) => {
    expect(await lint(text(words))).toEqual([]);
  });

  it('names the place, in a text part written by hand too', async () => {
    write(
      'note/mail.mjml',
      mail(text('x\n{{event.cart_id}}\n<a href="https://a.example/{{event.cart_id}}">y</a>'), { more }),
    );
    write(
      'note/mail.txt',
      'Hello\nhttps://a.example/{{url event.cart_id}}\nSee https://a.example/?q={{event.cart_id}}.\n',
    );
    expect(await only('unencoded-value')).toEqual([
      expect.objectContaining({ file: 'note/mail.mjml', level: 'warning', line: 12 }),
      expect.objectContaining({ file: 'note/mail.txt', level: 'warning', line: 3 }),
    ]);
  });

  it('says nothing of the links that each email has', async () => {
    write('note/mail.mjml', mail(text('<a href="{{links.unsubscribe}}">x</a>'), { kind: 'marketing', more }));
    expect(await only('unencoded-value')).toEqual([]);
  });
});
