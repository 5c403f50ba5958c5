import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compileAll } from '../templates/compile/compile-all.ts';
import { ambiguousMarkup } from '../templates/compile/plain-markup.ts';
import { TemplateError } from '../templates/template-error.ts';
import { dir, known, mail, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

async function mistakes(): Promise<readonly string[]> {
  try {
    await compileAll(dir(), ['note'], known);
    return [];
  } catch (error) {
    if (error instanceof TemplateError) return error.mistakes;
    throw error;
  }
}

const many = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, at) => of(at)).join('');

describe('what mail programs do not all read in the same way is refused', () => {
  it.each([
    ['<![CDATA[ x ]]>', /^<!\[CDATA\[ is text to some and nothing to others: write the text, with &lt; for <$/],
    ['<![cdata[ x ]]>', /^<!\[CDATA\[/],
    ['<!DOCTYPE html>', /^<!DOCTYPE>: MJML writes it; leave it out$/],
    ['<!doctype html>', /^<!DOCTYPE>/],
    ['<!ENTITY x "y">', /a comment is <!-- … -->$/],
    ['<![if !mso]>x<![endif]>', /write <!--\[if !mso\]><!--> … <!--<!\[endif\]-->$/],
    ['<?xml version="1.0"?>', /^<\?xml…: an email has no processing instructions; leave it out$/],
    ['<?php echo 1 ?>', /^<\?php…/],
    ['<noscript>x</noscript>', /^<noscript>: mail programs read it in different ways: leave it out$/],
    ['<NoScript >x', /^<noscript>/],
    ['<noembed>x</noembed>', /^<noembed>/],
    ['<noframes>x</noframes>', /^<noframes>/],
    ['<template>x</template>', /^<template>/],
    ['<xmp><b></xmp>', /^<xmp>.*write <pre>$/],
    ['<plaintext>', /^<plaintext>.*write <pre>$/],
    ['<listing>x</listing>', /^<listing>.*write <pre>$/],
    ['<textarea></textarea>', /^<textarea>/],
    ['<svg><title>x', /^<svg>/],
    ['<SVG/ONLOAD=x>', /^<svg>/],
    ['<math><mtext>', /^<math>/],
    ['<title>x</title>', /^<title>.*write <mj-title> in the layout$/],
    ['<image src="https://example.com/a.png">', /^<image>.*write <img>$/],
    ['<body class="x">', /^<body>.*MJML writes it/],
    ['<html><head>', /^<html>/],
    ['<mj-carousel></mj-carousel>', /^<mj-carousel>.*write <mj-image>$/],
    ['<mj-accordion></mj-accordion>', /^<mj-accordion>.*write <mj-text>$/],
    ['<!--[if mso]><noscript>x</noscript><![endif]-->', /^<noscript>/],
  ])('%s', (source, says) => {
    expect(ambiguousMarkup(`\n${source}`)[0]).toEqual({ line: 2, message: expect.stringMatching(says) });
  });

  it.each([
    ['<!-- no end', /^<!-- no end begins a comment without an end: write <!-- … -->$/],
    ['<!--> x -->', /^a comment ends for some before its -->/],
    ['<!---> x -->', /^a comment ends for some before its -->/],
    ['<!-- a --!> b -->', /^a comment ends for some before its -->/],
    ['<!-- a <!-- b -->', /^a comment inside of a comment: take one of the two out$/],
    ['<!--[if mso]><!--[if mso]>x<![endif]-->', /^a comment inside of a comment/],
    ['<!--[if mso]>x-->', /^a comment that Outlook reads ends with <!\[endif\]-->/],
    ['<!--[if mso>x<![endif]-->', /^Outlook reads <!--\[if mso\]> … <!\[endif\]--> only$/],
    ['a <3 b', /^<3 begins no element: write &lt; for a < that is shown$/],
    ['a <= b', /^<= begins no element/],
    ['<<b>x</b>', /^<< begins no element/],
    ['</ b>', /^<\/ .*begins no element/],
    ['</>', /^<\/> begins no element/],
    ['<{{event.n}}>', /^data does not name an element: write its name behind <$/],
    ['</{{event.n}}>', /^data does not name an element/],
    ['<{{#if event.n}}svg{{/if}}>', /^data does not name an element/],
  ])('a comment or an element that is not written as one: %s', (source, says) => {
    expect(ambiguousMarkup(`x\n\n${source}`)[0]).toEqual({ line: 3, message: expect.stringMatching(says) });
  });

  it.each([
    ['<a href="https://a.example" href="https://b.example">x</a>', /^<a> has href twice: some read the first/],
    ['<a HREF="https://a.example" href="https://b.example">x</a>', /^<a> has href twice/],
    ['<a href="https://a.example>x</a>', /^<a> has no end before the next one: close its quotes, and write >$/],
    ['<a href="https://a.example"', /^<a> has no end/],
    ['<a <b>x</b>', /^<a> has no end/],
    ['<p title=`x y`>', /^title=`x in <p>: write its attributes as name="value"$/],
    ['<p class=a"b>', /^class=a"b in <p>/],
    ['<a href=https://a.example/?b=c>', /write its attributes as name="value"$/],
    ['<p "x">', /^"x" in <p>/],
    ['<p ="x">', /^="x" in <p>/],
    ['<b/>x', /^<b \/>: mail programs do not end it there: write <b><\/b>$/],
    ['<a href="https://a.example" />x', /^<a \/>: mail programs do not end it there/],
    ['<td/>', /^<td \/>/],
    ['<o:p/>', /^<o:p \/>/],
    ['<a/href="https://a.example">', /^\/href=.* in <a>: write its attributes as name="value"$/],
    ['<a title="x"\u00a0href="https://a.example">', /in <a>: write its attributes as name="value"$/],
    ['<p @click="x">', /^@click="x" in <p>/],
    ['<p [x]="y">', /^\[x\]="y" in <p>/],
    ['<svg\u00a0onload="x">', /^<s.* begins no element/],
    ['<style>a{content:"</td>"}</style>', /^a style sheet with a < in it: .*write \\3c in strings$/],
    ['<mj-style>a{b:"<!--"}</mj-style>', /^a style sheet with a < in it/],
    ['x</br>y', /^<\/br>: some read it as another <br>: leave it out$/],
    [`<p ${many(101, (at) => `a${at}="" `)}>`, /^<p> has more than 100 attributes$/],
    [many(101, () => '<b>'), /^<b> is in more than 100 elements: close those that have ended$/],
    [`<!--[if mso]>${many(101, () => '<b>')}<![endif]-->`, /^<b> is in more than 100 elements/],
    [
      `<mj-style inline="inline">${many(201, (at) => `.a${at}{color:red}`)}</mj-style>`,
      /^<mj-style inline> has more than 200 rules: put some into an mj-style without inline$/,
    ],
  ])('an attribute or a nesting: %s', (source, says) => {
    expect(ambiguousMarkup(`x\n${source}`)[0]).toEqual({ line: 2, message: expect.stringMatching(says) });
  });

  it.each([
    ['\\{{ <svg> }}', /^<svg>/],
    ['{{#if (eq event.n "\\"}}")}}<svg>{{/if}}', /^<svg>/],
    ['<a title="{{eq event.n \'>\'}}"><svg></a>', /^<svg>/],
    [
      '<a title="{{#if event.n}}x">y</a><a title="{{/if}}">',
      /^title="…" in <a>: a block begins and ends between the same quotes$/,
    ],
    [
      '{{#if event.n}}<a title="{{else}}<a title={{/if}}{{event.n}}" >x</a>',
      /^title="…" in <a>: a block begins and ends/,
    ],
    ['<!-- {{#if event.n}} -->x{{/if}}', /^a comment with a part of a block in it/],
    [
      '<!--[if mso]>{{#if event.n}}<![endif]-->x{{/if}}',
      /^\{\{\/if\}\}: its block begins in another comment for Outlook, or in none$/,
    ],
    ['{{#if event.n}}<!--[if mso]>x{{else}}<![endif]-->y{{/if}}', /^\{\{else\}\}: its block begins in another comment/],
    ['{{! <!-- }}<svg>{{! --> }}', /^<svg>/],
  ])('whatever Handlebars is around: %s', (source, says) => {
    expect(ambiguousMarkup(`x\n${source}`)[0]).toEqual({ line: 2, message: expect.stringMatching(says) });
  });
});

describe('what they all read in the same way is not', () => {
  it.each([
    '<!-- a comment -->',
    '<!-- a - comment -- of two -->',
    '<!--[if mso]><p>x</p><![endif]-->',
    '<!--[if (gte mso 9)|(IE)]><table><tr><td><![endif]-->x<!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]-->',
    '<!--[if !mso]><!--><p>x</p><!--<![endif]-->',
    '<!--[if mso]><v:rect href="{{event.url}}"><v:fill color="#fff"/></v:rect><![endif]-->',
    'a < b > c &lt;svg&gt; "quotes" \'too\' {braces}',
    '<br><br/><br /><hr class="x" /><img src="https://example.com/a.png" alt="">',
    "<p class=small>x<p class='small'>y",
    '<a href="https://example.com/?a=1&amp;b=<2>" title=\'a "b" c\'>x</a>',
    '<a\n  href="https://example.com/"\n>x</a>',
    '<p hidden>x</p>',
    '<a title="{{#if (eq event.n "x")}}a{{/if}}">x</a>',
    "<p title=\"{{plural event.n one='a > b' other='<c>'}}\">x</p>",
    '{{!-- <svg> <![CDATA[ --}}{{! <noscript> }}',
    '<style>a > b { content: "\\3c svg>" }</style>',
    '<!--[if mso]>{{#if event.n}}x{{else}}y{{/if}}<![endif]-->',
    '<!-- {{#if event.n}}x{{/if}} -->',
    '{{#if event.n}}<b>{{/if}}x{{#if event.n}}</b>{{/if}}',
    '<a ses:no-track xml:lang="en" data-x="1" href = "https://example.com/">x</a>',
    '<mj-divider /><mj-spacer/>',
    many(110, () => '<p>x<li>y</li></p>'),
    many(110, () => '<tr><td>x'),
    '\\{{event.n}} \\\\{{event.n}}',
    '<constructor>x</constructor>',
    '{{~#if event.n~}}x{{~else~}}y{{~/if~}}',
  ])('%s', (source) => {
    expect(ambiguousMarkup(source)).toEqual([]);
  });
});

describe('the place is told', () => {
  it('in the email, in a partial and in the layout', async () => {
    write('note/mail.mjml', mail('x\n<noscript>y</noscript>'));
    expect(await mistakes()).toEqual([expect.stringMatching(/^note\/mail\.mjml:9 <noscript>/)]);
    write('note/mail.mjml', mail('{{> odd}}'));
    write('partials/odd.mjml', 'x\n\n<svg></svg>');
    expect(await mistakes()).toEqual([expect.stringMatching(/^partials\/odd\.mjml:3 <svg>/)]);
    write('note/mail.mjml', mail('x'));
    write('layouts/base.mjml', `<?xml version="1.0"?>\n${readFileSync(join(dir(), 'layouts/base.mjml'), 'utf8')}`);
    expect(await mistakes()).toEqual([expect.stringMatching(/^layouts\/base\.mjml:1 <\?xml…/)]);
  });

  it('of what is harmless in two files and not in the whole', async () => {
    write('partials/start.mjml', '<');
    write('note/mail.mjml', mail('{{> start}}svg>'));
    expect(await mistakes()).toEqual([expect.stringMatching(/^(?:partials\/start\.mjml:1|note\/mail\.mjml:8) <svg>/)]);
  });

  it.each([
    'x\n{{{{if event}}}}x{{{{/if}}}}',
    'x\n{{{{if event}}}}<svg>{{{{/if}}}}',
    'x\n{{#if (eq person.name "a\\")}}x{{/if}}',
  ])('of what Handlebars alone would read, in a text part too: %j', async (text) => {
    write('note/mail.mjml', mail('x'));
    write('note/mail.txt', text);
    expect(await mistakes()).toEqual([expect.stringMatching(/^note\/mail\.txt:2 \{\{\{\{\.\.\.\}\}\}\} and/)]);
  });

  it('of blocks that are too many or too deep', async () => {
    write('note/mail.mjml', mail(`\n${'{{#if person.name}}'.repeat(51)}x${'{{/if}}'.repeat(51)}`));
    expect(await mistakes()).toEqual([expect.stringMatching(/mjml:9 a block in more than 50 others/)]);
    write('note/mail.mjml', mail(`{{#if person.name}}a${'{{else if person.country}}b'.repeat(51)}{{/if}}`));
    expect(await mistakes()).toEqual([expect.stringMatching(/mjml:8 a block in more than 50 others/)]);
    write('note/mail.mjml', mail('{{#if person.name}}a{{/if}}\n'.repeat(1_001)));
    expect(await mistakes()).toEqual([expect.stringMatching(/mjml:1008 more than 1000 blocks: use \{\{#each\}\}/)]);
    write('note/mail.mjml', mail(`${'{{#if person.name}}'.repeat(50)}x${'{{/if}}'.repeat(50)}`));
    expect(await mistakes()).toEqual([]);
  });
});
