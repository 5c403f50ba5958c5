import { describe, expect, it } from 'vitest';

import { compose } from '../templates/compile/compose.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { misplacedData } from '../templates/compile/data-places.ts';
import { ambiguousMarkup } from '../templates/compile/plain-markup.ts';
import { strayText } from '../templates/compile/stray-text.ts';
import { textPart } from '../templates/compile/text-part.ts';
import { usedIn } from '../templates/lint/css-used.ts';
import { withoutComments } from '../templates/mustaches.ts';
import { TemplateError } from '../templates/template-error.ts';
import { checkSyntax } from '../templates/words.ts';
import { dir, known, mail, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

/** Of 8 KB and of the 64 KB that a file may have. */
const [small, large] = [8_000, 64_000];
const fill = (piece: string, size: number) => piece.repeat(Math.floor(size / piece.length));

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/**
 * Eight times the text costs eight times as much. What tries each place with all that follow costs 64 times: seconds, where these
 * take milliseconds. Tried again before it fails: a collection of garbage in the middle is no mistake.
 */
function expectLinear(work: (size: number) => void): void {
  const costs: { few: number; many: number }[] = [];
  const isLinear = () => costs.some(({ few, many }) => many < 20 * few + 60);
  while (costs.length < 3 && !isLinear()) {
    const few = Math.min(
      cpuOf(() => work(small)),
      cpuOf(() => work(small)),
    );
    costs.push({ few, many: cpuOf(() => work(large)) });
  }
  expect(isLinear(), JSON.stringify(costs)).toBe(true);
}

/** Reads a source as compiling does, but for MJML: what comes later sees only what has not been refused. */
function read(source: string): void {
  withoutComments(source);
  const composed = compose(dir(), 'base', { file: 'note/mail.mjml', line: 1, text: source }, 'en');
  const refused = [...composed.mistakes, ...ambiguousMarkup(composed.mjml), ...misplacedData(composed.mjml)];
  try {
    checkSyntax(composed.mjml);
  } catch (error) {
    refused.push((error as Error).message);
  }
  if (refused.length > 0) return;
  strayText(composed.mjml);
  textPart(composed.mjml);
  usedIn(source);
}

const pieces = [
  '{{',
  '{{ ',
  '{{!',
  '{{!--',
  '{{!-- }}',
  '{{!x}}',
  '{{~! ~}} ',
  '\\{{',
  '\\',
  '{{"',
  '{{ \'}} "',
  '{{[',
  '{{{{',
  '}}',
  '{',
  '<',
  '< ',
  '<a ',
  '<a href="',
  '<a href="{{',
  'a="" ',
  '<!--',
  '<!-->',
  '<!--[if mso]>',
  '<!--[if mso]>x<![endif]-->',
  '<style>',
  '<style></style>',
  '<style>/*',
  '<![CDATA[',
  '<?',
  '</b>',
  '<b>',
  '"',
  "'",
  '&',
  '&#123;',
  '{{> footer}}',
  '{{> missing}}',
  'x\n',
];

it.each(pieces)('a file of %j is read in one pass', (piece) => {
  expectLinear((size) => read(fill(piece, size)));
});

it.each([
  ['a string that has no end', (size: number) => `{{"${fill('\\"', size)}`],
  ['strings in strings', (size: number) => `{{eq ${fill(`"a'" '"' `, size)}}}`],
  ['an element with many attributes', (size: number) => `<a ${fill('a="" ', size)}>`],
  ['a style sheet of comments', (size: number) => `<style>${fill('/*', size)}</style>`],
  ['a style sheet of blocks', (size: number) => `<style>${fill('a{', size)}</style>`],
  ['a declaration of blanks', (size: number) => `<style>a{b:c${fill(' ', size)}d}</style>`],
  ['blocks in blocks', (size: number) => fill('{{#if a}}', size)],
  [
    'elements in elements that end in another order',
    (size: number) => `${fill('<b>', size / 2)}${fill('</i>', size / 2)}`,
  ],
  ['comments for Outlook in each other', (size: number) => `${fill('<!--[if mso]>', size)}-->`],
])('and so is %s', (_what, of) => {
  expectLinear((size) => read(of(size)));
});

describe('all of compiling', () => {
  const compiled = async (words: string) => {
    write('note/mail.mjml', mail(words));
    try {
      await compileAll(dir(), ['note'], known);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
    }
  };
  const each = (of: (index: number) => string, size: number) => {
    let text = '';
    for (let index = 0; text.length + of(index).length < size; index += 1) text += of(index);
    return text;
  };

  it.each([
    ['names that no event has', (at: number) => `{{event.a${at}}} `],
    ['links', (at: number) => `<a href="https://example.com/${at}">x</a> `],
    ['texts between elements', () => '</mj-text>x<mj-text>'],
  ])('of %s', async (_what, of) => {
    await compiled('x');
    const cpu = async (size: number) => {
      const before = process.cpuUsage();
      await compiled(each(of, size));
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    const few = Math.min(await cpu(small / 2), await cpu(small / 2));
    expect(await cpu(large / 2)).toBeLessThan(20 * few + 200);
  });
});
