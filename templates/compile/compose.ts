import { fallbackChain } from '../../events/closest-locale.ts';
import { direction } from '../locales.ts';
import { linesOf } from '../lines.ts';
import { mustachesIn, withoutComments } from '../mustaches.ts';
import { filesIn, maxFile, readSource, type SourceFile } from './read.ts';

/** Where a line of the composed document comes from. */
export interface Place {
  file: string;
  line: number;
}

export interface Composed {
  mjml: string;
  /** The place of each line; the first is at 0. */
  places: Place[];
  /** The body, the layout and the partials that went in. Each is Handlebars of its own: no block begins in one and ends in another. */
  parts: Part[];
  mistakes: string[];
}

/** What is put in: one file's text, or the part of it that begins at `line`. */
export interface Part extends SourceFile {
  line: number;
}

const maxDepth = 20;
/** Partials in partials multiply: a few lines of them could be gigabytes. Characters, and how often something is put in. */
const maxComposed = 2 * maxFile;
const maxParts = 1_000;

/** A partial, and what it is told to be. */
const partialCall = /^\{\{\{?~?#?>([^]*?)~?\}\}\}?$/;

/** How a partial is named. */
export const partialName = /\{\{~?>\s*[\w-]+\s*~?\}\}/g;

/**
 * One MJML document out of a layout, the template's body and the partials that they name, each in the language that is
 * closest. They are put in as text, before MJML is compiled: MJML sees the whole, and nothing is left to look up at sending.
 */
export function compose(dir: string, layout: string, body: Part, locale: string): Composed {
  const parts = new Map<string, Part>([[body.file, body]]);
  const mistakes: string[] = [];
  const lines: { text: string; place: Place }[] = [{ text: '', place: { file: body.file, line: body.line } }];

  let length = 0;
  let inserted = 0;
  const add = (text: string, file: string, firstLine: number) => {
    if ((length += text.length) > maxComposed) {
      throw new Error(`${body.file} with its partials is longer than ${maxComposed} characters`);
    }
    for (const [index, piece] of text.split('\n').entries()) {
      const place = { file, line: firstLine + index };
      const last = lines.at(-1);
      if (index > 0 || !last) lines.push({ text: piece, place });
      else {
        if (last.text.trim() === '') last.place = place;
        last.text += piece;
      }
    }
  };

  const put = ({ file, text, line }: Part, content: Part | undefined, path: string[]): void => {
    const lineAt = linesOf(text);
    let from = 0;
    for (const { kind, start, end } of mustachesIn(text)) {
      const whole = text.slice(start, end);
      const named = kind === 'value' ? partialCall.exec(whole)?.[1] : undefined;
      if (kind !== 'comment' && named === undefined) continue;
      if (named !== undefined && (inserted += 1) > maxParts) {
        throw new Error(`${body.file} has more than ${maxParts} partials put into it`);
      }
      const at = line + lineAt(start) - 1;
      const before = text.slice(from, start);
      add(whole.startsWith('{{~') ? before.trimEnd() : before, file, line + lineAt(from) - 1);
      from = whole.endsWith('~}}') ? end + blanks(text, end) : end;
      if (named === undefined) continue; // a comment, which is not for MJML
      const name = named.trim();
      if (whole.startsWith('{{{')) {
        mistakes.push(`${file}:${at} ${whole}: a partial stands between two braces, {{> name}}`);
      } else if (!/^[\w-]+$/.test(name)) {
        mistakes.push(`${file}:${at} {{> ${name}}}: a partial is named by one word and takes no parameters`);
      } else if (name === 'content') {
        if (content) put(content, undefined, path);
        else mistakes.push(`${file}:${at} {{> content}} stands in a layout only`);
      } else if (path.includes(name) || path.length > maxDepth) {
        mistakes.push(`${file}:${at} {{> ${name}}}: partials go round in a circle: ${[...path, name].join(' -> ')}`);
      } else {
        const partial = closestFile(dir, 'partials', name, locale);
        if (partial) {
          const part = { ...partial, line: 1 };
          parts.set(part.file, part);
          put(part, undefined, [...path, name]);
        } else {
          const hidden = text.lastIndexOf('<!--', start) > text.lastIndexOf('-->', start);
          const counts = hidden ? '. It counts inside <!-- --> too; {{!-- --}} takes it out' : '';
          mistakes.push(`${file}:${at} {{> ${name}}}: there is no partials/${name}.mjml; ${partialsIn(dir)}${counts}`);
        }
      }
    }
    add(text.slice(from), file, line + lineAt(from) - 1);
  };

  try {
    const around = closestFile(dir, 'layouts', layout, locale);
    if (!around) mistakes.push(`${body.file}:1 layout "${layout}": there is no layouts/${layout}.mjml`);
    else {
      parts.set(around.file, { ...around, line: 1 });
      if (!/\{\{~?>\s*content\s*~?\}\}/.test(withoutComments(around.text))) {
        mistakes.push(`${around.file}:1 has no {{> content}}: nothing of a template would be shown`);
      }
      put({ ...around, line: 1 }, body, []);
    }
  } catch (error) {
    mistakes.push((error as Error).message); // too large, or not UTF-8
  }
  const constants = constantsOf(locale);
  return {
    mjml: lines.map(({ text }) => withConstants(text, constants)).join('\n'),
    places: lines.map(({ place }) => place),
    parts: [...parts.values()],
    mistakes,
  };
}

/** `footer` in `pt-BR` -> partials/footer.pt-BR.mjml, partials/footer.pt.mjml, partials/footer.mjml: the first that exists. */
function closestFile(dir: string, folder: string, name: string, locale: string): SourceFile | undefined {
  const there = new Set(filesIn(dir, folder));
  const names = [...fallbackChain(locale).map((one) => `${name}.${one}.mjml`), `${name}.mjml`];
  const file = names.find((one) => there.has(one));
  return file === undefined ? undefined : readSource(dir, `${folder}/${file}`);
}

/** How many blanks follow. */
function blanks(text: string, from: number): number {
  const next = /\S|$/g;
  next.lastIndex = from;
  return (next.exec(text)?.index ?? text.length) - from;
}

function partialsIn(dir: string): string {
  const names = filesIn(dir, 'partials')
    .filter((file) => /^[\w-]+\.mjml$/.test(file))
    .map((file) => file.slice(0, -'.mjml'.length));
  return names.length > 0 ? `there are ${names.join(', ')}` : 'the folder partials has none';
}

/** How a constant is named. */
export const constantName = /\{\{\s*(locale\.\w+)\s*\}\}/g;

/** What depends on the language alone is known now, and MJML wants to know it. */
function constantsOf(locale: string): Record<string, string> {
  const rtl = direction(locale) === 'rtl';
  return {
    'locale.language': locale,
    'locale.direction': rtl ? 'rtl' : 'ltr',
    'locale.start': rtl ? 'right' : 'left',
    'locale.end': rtl ? 'left' : 'right',
  };
}

function withConstants(text: string, constants: Record<string, string>): string {
  return text.replaceAll(constantName, (whole, name: string) => constants[name] ?? whole);
}
