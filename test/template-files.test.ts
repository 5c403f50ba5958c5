import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sourceFiles } from '../preview/source-files.ts';
import { compileAll } from '../templates/compile/compile-all.ts';
import { TemplateError } from '../templates/template-error.ts';
import { dir, known, mail, section, templatesToCompile, write } from './support/template-to-compile.ts';

templatesToCompile();

let outside: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'rivulet-outside-'));
  writeFileSync(join(outside, 'mail.mjml'), mail('from outside'));
  writeFileSync(join(outside, 'secret.mjml'), section('a secret'));
  writeFileSync(join(outside, 'footer.mjml'), section('a footer'));
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

async function mistakes(): Promise<readonly string[]> {
  try {
    await compileAll(dir(), ['note'], known);
    return [];
  } catch (error) {
    if (error instanceof TemplateError) return error.mistakes;
    throw error;
  }
}

const at = (file: string) => join(dir(), file);
const link = (to: string, file: string) => {
  rmSync(at(file), { recursive: true, force: true });
  symlinkSync(to, at(file));
};
const out = (file: string) =>
  `${file} is a symbolic link that leads out of the templates folder: put a copy of the file there`;

describe('a symbolic link that leads out of the templates folder is refused', () => {
  beforeEach(() => write('note/mail.mjml', mail('{{> own}}')));
  beforeEach(() => write('partials/own.mjml', 'x'));

  it('as an email', async () => {
    link(join(outside, 'mail.mjml'), 'note/mail.mjml');
    expect(await mistakes()).toEqual([out('note/mail.mjml')]);
  });

  it('as another language', async () => {
    link(join(outside, 'mail.mjml'), 'note/mail.de.mjml');
    expect(await mistakes()).toEqual([out('note/mail.de.mjml')]);
  });

  it('as a text part', async () => {
    link('/etc/passwd', 'note/mail.txt');
    expect(await mistakes()).toEqual([out('note/mail.txt')]);
  });

  it('as a template', async () => {
    link(outside, 'note');
    expect(await mistakes()).toEqual([out('note')]);
  });

  it('as a partial', async () => {
    link(join(outside, 'secret.mjml'), 'partials/own.mjml');
    expect(await mistakes()).toEqual([out('partials/own.mjml')]);
  });

  it('as a layout', async () => {
    link(join(outside, 'secret.mjml'), 'layouts/base.mjml');
    expect(await mistakes()).toEqual([out('layouts/base.mjml')]);
  });

  it('as the folder of partials or of layouts', async () => {
    link(outside, 'partials');
    expect(await mistakes()).toEqual([out('partials')]);
    rmSync(at('partials'));
    link(outside, 'layouts');
    expect(await mistakes()).toEqual([out('layouts')]);
  });

  it('by way of the folder above, and of another link', async () => {
    symlinkSync(outside, join(outside, 'again'));
    link(`../../${outside.split('/').at(-1)}/again/secret.mjml`, 'partials/own.mjml');
    expect(await mistakes()).toEqual([out('partials/own.mjml')]);
  });

  it('into a folder whose name begins with that of the templates', async () => {
    mkdirSync(`${dir()}-more`);
    writeFileSync(`${dir()}-more/own.mjml`, 'a secret');
    link(`${dir()}-more/own.mjml`, 'partials/own.mjml');
    expect(await mistakes()).toEqual([out('partials/own.mjml')]);
    rmSync(`${dir()}-more`, { recursive: true });
  });

  it('and so is one that leads nowhere, or to itself', async () => {
    link(join(outside, 'missing.mjml'), 'partials/own.mjml');
    const nowhere = 'partials/own.mjml is a symbolic link that leads nowhere: put the file itself there';
    expect(await mistakes()).toEqual([nowhere]);
    link(at('partials/own.mjml'), 'partials/own.mjml');
    expect(await mistakes()).toEqual([nowhere]);
  });

  it('and not shown in the preview', () => {
    link(join(outside, 'secret.mjml'), 'note/mail.de.mjml');
    const onDisk = { name: 'note', findings: [], mistakes: [out('note/mail.de.mjml'), 'partials/own.mjml:1 x'] };
    expect(sourceFiles(dir(), onDisk).map(({ file }) => file)).toEqual(['note/mail.mjml', 'partials/own.mjml']);
  });

  it('but not one that stays inside, nor the folder itself', async () => {
    write('partials/real.mjml', 'x');
    link('real.mjml', 'partials/own.mjml');
    expect(await mistakes()).toEqual([]);
    link(at('note'), 'other');
    renameSync(dir(), `${dir()}-real`);
    symlinkSync(`${dir()}-real`, dir());
    expect(await mistakes()).toEqual([]);
    rmSync(dir());
    renameSync(`${dir()}-real`, dir());
  });
});

describe('a file is refused', () => {
  it.each([
    ['NUL', 'x\n\u0000', /^note\/mail\.mjml:9 holds the control character U\+0000: delete it$/],
    ['backspace', '\u0008', /:8 holds the control character U\+0008/],
    ['vertical tab', '\u000b', /:8 .*U\+000B/],
    ['form feed', '\u000c', /:8 .*U\+000C/],
    ['escape', '\u001b[31m', /:8 .*U\+001B/],
    ['delete', '\u007f', /:8 .*U\+007F/],
    ['next line', 'x\n\ny\u0085', /:10 .*U\+0085/],
    ['a C1 control', '\u009b', /:8 .*U\+009B/],
    ['a noncharacter', '\ufdd0', /:8 .*U\+FDD0/],
    ['another', '\uffff', /:8 .*U\+FFFF/],
    ['1,001 blanks', `x${' '.repeat(1_001)}y`, /:8 has more than 1000 blanks in a row: delete them$/],
    ['1,001 empty lines', `x${'\n'.repeat(1_001)}y`, /:8 has more than 1000 blanks in a row/],
    ['1,001 tabs', `x\n${'\t'.repeat(1_001)}`, /:8 has more than 1000 blanks in a row/],
  ])('with %s', async (_what, words, says) => {
    write('note/mail.mjml', mail(words));
    expect(await mistakes()).toEqual([expect.stringMatching(says)]);
  });

  it('in its text part and in its partials too', async () => {
    write('note/mail.mjml', mail('{{> own}}'));
    write('partials/own.mjml', 'x\ny\u0007');
    expect(await mistakes()).toEqual([expect.stringMatching(/^partials\/own\.mjml:2 holds the control character/)]);
    write('note/mail.mjml', mail('x'));
    write('note/mail.txt', 'x\u0000');
    expect(await mistakes()).toEqual([expect.stringMatching(/^note\/mail\.txt:1 holds the control character/)]);
  });

  it('that is none', async () => {
    write('note/mail.mjml', mail('x'));
    mkdirSync(at('note/mail.txt'));
    expect(await mistakes()).toEqual(['note/mail.txt is not a file']);
    rmSync(at('note/mail.txt'), { recursive: true });
    execFileSync('mkfifo', [at('note/mail.txt')]); // reading it would wait for a writer
    expect(await mistakes()).toEqual(['note/mail.txt is not a file']);
  });

  it.each([
    ['note/mail.mjml', (size: number) => mail('x'.repeat(size - mail('').length))],
    ['note/mail.txt', (size: number) => 'x'.repeat(size)],
    ['partials/own.mjml', (size: number) => 'x'.repeat(size)],
    ['partials/own.mjml', (size: number) => 'é'.repeat(size / 2)],
  ])('that is %s of more than 64 KB', async (file, of) => {
    write('partials/own.mjml', 'x');
    write('note/mail.mjml', mail('{{> own}}'));
    write(file, `${of(65_536)}x`);
    expect(await mistakes()).toEqual([
      `${file} has 65537 bytes; a file of a template has at most 65536: move parts of it into partials`,
    ]);
    write(file, of(65_536));
    expect(await mistakes()).toEqual([]);
  });

  it('but not for tabs, for line ends of Windows or an old Mac, or for 1,000 blanks', async () => {
    write('note/mail.mjml', mail(`a\tb${' '.repeat(1_000)}c\r\nd\re`));
    expect(await mistakes()).toEqual([]);
  });
});
