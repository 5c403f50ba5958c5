import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compileAll } from '../templates/compile/compile-all.ts';
import { TemplateError } from '../templates/template-error.ts';
import { dir, known, mail, section, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

async function mistakes(...names: string[]): Promise<readonly string[]> {
  try {
    await compileAll(dir(), names.length > 0 ? names : ['note'], known);
  } catch (error) {
    if (error instanceof TemplateError) return error.mistakes;
    throw error;
  }
  return [];
}

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
    [
      'its sample is in a locale that is none',
      mail('x', { more: 'sample:\n  person:\n    locale: English\n' }),
      /^note\/mail\.mjml:6 front matter: sample\.person\.locale must be a BCP 47 locale/,
    ],
    [
      'its sample is in a time zone that is none',
      mail('x', { more: 'sample:\n  person: { name: Ada,\n    time_zone: Mars/Base }\n' }),
      /^note\/mail\.mjml:6 front matter: sample\.person\.time_zone must be an IANA time zone/,
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
      'a condition stands between elements',
      mail('x').replace('<mj-text>', '{{#if person.name}}<mj-text>').replace('</mj-text>', '</mj-text>\n{{/if}}'),
      /^note\/mail\.mjml:7 \{\{#if person\.name\}\} stands between the elements of mj-column, .*write <mj-raw>\{\{#if/,
    ],
    [
      'a loop stands between sections',
      `${mail('x')}{{#each event.items}}\n${section('y')}{{/each}}`,
      /^note\/mail\.mjml:\d+ \{\{#each event\.items\}\} stands between the elements of mj-wrapper/,
    ],
    [
      'words stand between elements',
      mail('x').replace('<mj-text>', '<mj-divider />\nHello {{person.name}}\n<mj-text>'),
      /^note\/mail\.mjml:8 Hello .* stands between the elements of mj-column, .*mj-text$/,
    ],
    [
      'its sample lacks a variable',
      mail('{{event.total}}', { more: 'sample: { event: { n: 1 } }\n' }),
      /:1 cannot be rendered with its sample: .*total/,
    ],
    [
      'its sample has another type',
      mail('{{date event.at}}', { more: 'sample: { event: { at: soon } }\n' }),
      /date needs a number and was given a text/,
    ],
    [
      'a link of its own runs a script',
      mail('<a href="javascript:alert(1)">x</a>'),
      /<a href="javascript:…">: links begin with https:/,
    ],
    [
      'its front matter has an alias of nothing',
      '---\nsubject: *nothing\nclass: transactional\n---\n',
      /^note\/mail\.mjml:1 front matter is not YAML that can be used: Unresolved alias/,
    ],
    [
      'its front matter would never end',
      mail('x', { more: 'sample: { event: &event { again: *event } }\n' }),
      /^note\/mail\.mjml:1 front matter is not YAML that can be used/,
    ],
    [
      'it leads on by itself',
      mail('<meta http-equiv="refresh" content="0">'),
      /<meta http-equiv="refresh"> has no place/,
    ],
    ['its CSS loads a script', mail('<p style="background:url(javascript:1)">x</p>'), /url\(javascript:…\) in CSS/],
    [
      'its words for Outlook hold a script',
      mail('<!--[if mso]><a href="javascript:1">x</a><![endif]-->'),
      /<a href="javascript:…">: links begin with https:/,
    ],
    [
      'its words for Outlook have data outside quotes',
      mail('<!--[if mso]><a href={{event.url}}>x</a><![endif]-->'),
      /:8 \{\{event\.url\}\}: inside a tag, Handlebars stands between quotes only/,
    ],
    [
      'MJML would write data into CSS',
      mail('x').replace('<mj-text>', '<mj-text font-family="{{event.font}}">'),
      /:7 \{\{event\.font\}\}: data does not write CSS/,
    ],
    [
      'its HTML is very deep',
      mail('<b>'.repeat(4_000)),
      /:8 <b> is in more than 100 elements: close those that have ended/,
    ],
    ['a plural lacks a form', mail('{{plural 1 one="# day"}}'), /:8 \{\{plural\}\} needs the form other="…"/],
    ['a helper is given too little', mail('{{money 12}}'), /:8 \{\{money\}\} takes 2 values, and has 1/],
    ['a helper is taken for a block', mail('{{#number 12}}x{{/number}}'), /:8 \{\{#number\}\}: number is no block/],
    [
      'its text part would fill in braces that its HTML shows',
      mail('Write\n&#123;&#123;event.n}}'),
      /^note\/mail\.mjml:9 \{\{ would be read as Handlebars in the text part .*: write \\\{\{ for braces/,
    ],
    ['a brace before a value would leave it unescaped', mail('{<b>{{event.n}}</b>}'), /would be read as Handlebars/],
    [
      'a backslash before a value would show its name',
      mail('C:&#92;<b>{{event.n}}</b>'),
      /would be read as Handlebars/,
    ],
    [
      'a partial in an HTML comment is not there',
      mail('<!-- {{> heder}} -->'),
      /:8 \{\{> heder\}\}: there is no .*\. It counts inside <!-- --> too; \{\{!-- --\}\} takes it out/,
    ],
    ['it holds a script', mail('<script>alert(1)</script>'), /<script> has no place in a mail/],
  ])('when %s', async (_why, source, told) => {
    write('note/mail.mjml', source);
    expect(await mistakes()).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  it('when a partial between braces would show data unescaped', async () => {
    write('note/mail.mjml', mail('{{{> who}}}'));
    write('partials/who.mjml', '{{event.n}}');
    expect(await mistakes()).toEqual([
      expect.stringContaining('{{{> who}}}: a partial stands between two braces, {{> name}}'),
    ]);
  });

  it('when a partial inside of a tag would leave its quotes', async () => {
    write('note/mail.mjml', mail('<a href="{{> who}}">x</a>'));
    write('partials/who.mjml', 'https://example.com/" title={{event.n}} id="');
    expect(await mistakes()).toEqual([expect.stringMatching(/\{\{event\.n\}\}: inside a tag, Handlebars stands/)]);
  });

  it('but not for what stands in a comment of Handlebars, nor for blanks taken away around a partial', async () => {
    const commented =
      '{{!-- {{> heder}} <mj-nothing> <a href={{event.n}}> --}}{{! {{> heder}}\n{{!-- a }} <script> {{b}}\n--}}';
    write('note/mail.mjml', mail(`x ${commented} y {{~> who~}} z`));
    write('partials/who.mjml', '{{~!-- {{> content}} --~}}\n, Ada,');
    expect(await mistakes()).toEqual([]);
    const { templates } = await compileAll(dir(), ['note'], known);
    expect(templates[0]?.variants['en']?.text).toMatch(/^x y, Ada,z$/m);
  });

  it('when its partials multiply to megabytes', async () => {
    write('note/mail.mjml', mail('{{> p0}}'));
    for (let level = 0; level < 15; level += 1) write(`partials/p${level}.mjml`, `{{> p${level + 1}}}`.repeat(3));
    write('partials/p15.mjml', 'x');
    expect(await mistakes()).toEqual([expect.stringContaining('has more than 1000 partials put into it')]);
    write('note/mail.mjml', mail('{{> long}}'.repeat(3)));
    write('partials/long.mjml', 'x'.repeat(65_000));
    expect(await mistakes()).toEqual([expect.stringContaining('with its partials is longer than')]);
  });

  it('when two of its files are in the same language', async () => {
    write('note/mail.mjml', mail('x'));
    write('note/mail.en.mjml', `---\nsubject: Hello\n---\n${section('y')}`);
    expect(await mistakes()).toEqual([
      'note/mail.en.mjml:1 is in "en", and so is note/mail.mjml: one of the two would never be sent',
    ]);
  });

  it('when it is not UTF-8; a byte order mark does no harm', async () => {
    writeFileSync(join(dir(), 'partials/latin.mjml'), Buffer.from('Gr\u00fc\u00dfe', 'latin1'));
    write('note/mail.mjml', mail('{{> latin}}'));
    expect(await mistakes()).toEqual(['partials/latin.mjml is not UTF-8: save it as UTF-8 in your editor']);
    write('note/mail.mjml', `\ufeff${mail('x')}`);
    expect(await mistakes()).toEqual([]);
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
      expect.stringMatching(
        /^note\/mail\.mjml has \d+ bytes; a file of a template has at most 65536: move parts of it/,
      ),
    ]);
  });

  it('when a file of it is none that a template has', async () => {
    write('note/mail.mjml', mail('x'));
    write('note/mail.de.txt', 'Hallo');
    write('note/mail.de_AT.mjml', mail('x'));
    expect(await mistakes()).toContainEqual(expect.stringContaining('note/mail.de_AT.mjml is no part of a template'));
    rmSync(join(dir(), 'note/mail.de_AT.mjml'));
    expect(await mistakes()).toEqual(['note/mail.de.txt has no mail.de.mjml beside it']);
  });

  it('when the layout is broken, at its own line', async () => {
    const layout = readFileSync(join(dir(), 'layouts/base.mjml'), 'utf8');
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
    rmSync(dir(), { recursive: true });
    expect(await mistakes()).toEqual([expect.stringContaining('Is templates.base_dir in rivulet.yaml right?')]);
  });
});

it('a comment between elements may be lost, and a condition in mj-raw is none of the text that is', async () => {
  const body =
    '{{!-- why --}}\n<mj-raw>{{#if person.name}}</mj-raw>\n<mj-text>Hello</mj-text>\n<mj-raw>{{/if}}</mj-raw>{{! so }}';
  write('note/mail.mjml', mail('x').replace('<mj-text>', `${body}\n<mj-text>`));
  expect(await mistakes()).toEqual([]);
});
