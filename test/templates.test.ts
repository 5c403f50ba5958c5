import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadCatalogue, type Template, TemplateError } from '../templates/catalogue.ts';
import { templateNames } from '../templates/names.ts';
import { MissingData, namelessSubject, render } from '../templates/render.ts';

const shippedDir = fileURLToPath(new URL('../templates', import.meta.url));
const topics = ['onboarding', 'offers'];
const order = { order_id: 'o_1', total: 12.5, currency: 'EUR', items: [{ name: 'Tea', quantity: 2, price: 6.25 }] };

/** A copy of what ships, to spoil. */
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rivulet-templates-'));
  for (const folder of ['layouts', ...templateNames]) {
    cpSync(join(shippedDir, folder), join(dir, folder), { recursive: true });
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (file: string, text: string) => writeFileSync(join(dir, file), text);
const html = (body: string, subject = 'Hello') => `---\nsubject: "${subject}"\nclass: transactional\n---\n${body}\n`;

function template(name: string, from = dir): Template {
  const found = loadCatalogue(from, topics).get(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function mistake(): string {
  try {
    loadCatalogue(dir, topics);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return '';
}

describe('what ships', () => {
  it('loads, every template of the list', () => {
    expect([...loadCatalogue(shippedDir, topics).keys()]).toEqual([...templateNames]);
  });

  it.each(templateNames)('%s renders for Ada, and for somebody without a name', (name) => {
    const shipped = template(name, shippedDir);
    for (const person of [{ name: 'Ada' }, {}]) {
      const mail = render(shipped, person, { ...order, plan: 'pro' }, { confirm: 'https://example.com/confirm' });
      expect(mail.subject).not.toBe('');
      expect(mail.html).toContain('</html>');
      expect(mail.text.trim()).not.toBe('');
      expect(JSON.stringify(mail)).not.toMatch(/\{\{|undefined|\[object|, you has/);
    }
  });

  it('greets Ada by name and tells her what she paid', () => {
    const mail = render(template('receipt', shippedDir), { name: 'Ada' }, order);
    expect(mail.subject).toBe('Your receipt for order o_1');
    expect(mail.html).toContain('Thank you, Ada');
    expect(mail.html).toContain('€12.50, paid. Thank you.');
    expect(mail.html).toContain('2 × Tea');
    expect(mail.text).toContain('2 x Tea  €6.25');
  });
});

describe('a template is refused before anybody is mailed', () => {
  it('when its folder is missing', () => {
    rmSync(join(dir, 'receipt'), { recursive: true });
    expect(mistake()).toContain(`receipt: ${join(dir, 'receipt', 'html.hbs')} does not exist`);
  });

  it('when it has no text part', () => {
    rmSync(join(dir, 'receipt', 'text.hbs'));
    expect(mistake()).toContain(`receipt: ${join(dir, 'receipt', 'text.hbs')} does not exist`);
  });

  it.each([
    ['it has no front matter', '<p>Hello</p>', 'receipt: starts with no front matter'],
    ['its topic is unknown', '---\nsubject: x\nclass: marketing\ntopic: gossip\n---\n', 'receipt: topic "gossip"'],
    ['it is marketing without a topic', '---\nsubject: x\nclass: marketing\n---\n', 'receipt: front matter: topic:'],
    ['it has no subject', '---\nclass: transactional\n---\n', 'receipt: front matter: subject:'],
    ['its front matter has a key nobody knows', '---\nsubject: x\nclass: transactional\nclas: y\n---\n', 'clas'],
    ['a block is not closed', html('{{#if person.name}}Hello'), 'receipt/html.hbs:6 Parse error'],
    ['it calls a helper that there is not', html('{{shout person.name}}'), 'shout'],
    ['it calls the lookup helper', html('{{lookup person "name"}}'), 'lookup'],
    ['its subject calls a helper that there is not', html('x', '{{shout person.name}}'), 'shout'],
    ['it lets a value write HTML', html('<p>\n{{{person.name}}}</p>'), 'receipt/html.hbs:6 {{{...}}}'],
    ['it does so with an ampersand', html('{{& person.name}}'), 'receipt/html.hbs:5 {{{...}}} and {{& ...}}'],
    [
      'it does so inside a block',
      html('{{#if event}}{{#each event.items}}{{{this}}}{{/each}}{{/if}}'),
      'receipt/html.hbs:5 ',
    ],
  ])('when %s', (_why, source, told) => {
    write('receipt/html.hbs', source);
    expect(mistake()).toContain(told);
  });

  it('when the layout lets a value write HTML', () => {
    write('layouts/base.hbs', '<body>{{{subject}}}{{> @partial-block}}</body>');
    expect(mistake()).toContain('layouts/base.hbs: line 1: {{{...}}}');
  });

  it('when the layout does not parse', () => {
    write('layouts/base.hbs', '<body>{{#if x}}</body>');
    expect(mistake()).toContain('layouts/base.hbs: Parse error');
  });

  it('with all mistakes told at once', () => {
    rmSync(join(dir, 'welcome'), { recursive: true });
    write('receipt/html.hbs', 'no front matter');
    write('first-project/html.hbs', html('{{shout x}}'));
    write('invite-team/html.hbs', html('{{{x}}}'));
    write('confirm-subscription/html.hbs', html('{{lookup person "name"}}'));
    const told = mistake();
    const spoilt = ['receipt', 'welcome', 'first-project', 'invite-team', 'confirm-subscription'];
    expect(told.split('\n  ').slice(1)).toEqual(spoilt.map((name) => expect.stringContaining(`${name}: `)));
  });

  it('when the folder is not there at all', () => {
    rmSync(dir, { recursive: true });
    expect(mistake()).toContain('Is templates.base_dir in rivulet.yaml right?');
  });
});

describe('what a mail says', () => {
  it('is never said without the data it needs: the template is named', () => {
    const receipt = template('receipt');
    expect(() => render(receipt, {}, { order_id: 'o_1' })).toThrow(MissingData);
    expect(() => render(receipt, {}, { order_id: 'o_1' })).toThrow(/^template "receipt": /);
    write('welcome/html.hbs', html('{{person.name}}'));
    expect(() => render(template('welcome'), {}, {})).toThrow(MissingData);
  });

  it('shows markup in a name as text', () => {
    const mail = render(template('welcome'), { name: '<b onclick="x">Ada & Co</b>' }, {});
    expect(mail.html).toContain('&lt;b onclick&#x3D;&quot;x&quot;&gt;Ada &amp; Co&lt;/b&gt;');
    expect(mail.html).not.toContain('<b onclick');
    expect(mail.text).toContain('<b onclick="x">Ada & Co</b>');
  });

  it('shows markup from an event as text', () => {
    const items = [{ name: '<script>1</script>', quantity: 1, price: 1 }];
    expect(render(template('receipt'), {}, { ...order, items }).html).not.toContain('<script>');
  });

  it('lets no line break of a name or an order into the subject', () => {
    const { subject } = render(template('welcome'), { name: 'Ada\r\nBcc: grace@example.com\u2028\u0000!' }, {});
    expect(subject).toBe('Welcome, Ada Bcc: grace@example.com !');
    expect(render(template('receipt'), {}, { ...order, order_id: 'o\n1' }).subject).toBe('Your receipt for order o 1');
  });

  it('calls no function and reaches no prototype', () => {
    let called = false;
    const plan = () => (called = true);
    expect(render(template('welcome'), {}, { plan }).text).not.toContain('on the');
    expect(called).toBe(false);
    write('welcome/html.hbs', html('{{event.constructor.name}}'));
    expect(() => render(template('welcome'), {}, {})).toThrow(MissingData);
  });
});

describe('the subject that Temporal may see', () => {
  it('holds no name', () => {
    expect(namelessSubject(template('welcome'), { name: 'Ada' }, {})).toBe('Welcome, ‹name›');
  });

  it('reads as it does for somebody without a name', () => {
    expect(namelessSubject(template('welcome'), {}, {})).toBe('Welcome');
  });
});

describe('the version of a template', () => {
  it('is the same wherever the words are the same', () => {
    expect(template('welcome').version).toBe(template('welcome', shippedDir).version);
  });

  it.each([
    ['the HTML', 'welcome/html.hbs', html('Hello again')],
    ['the text', 'welcome/text.hbs', 'Hello again'],
    ['the layout', 'layouts/base.hbs', '<body>{{> @partial-block}}</body>'],
  ])('changes with %s', (_part, file, text) => {
    const before = template('welcome').version;
    write(file, text);
    expect(template('welcome').version).not.toBe(before);
  });

  it('stays when another template changes', () => {
    const before = template('welcome').version;
    write('receipt/text.hbs', 'Thanks');
    expect(template('welcome').version).toBe(before);
  });
});
