import { Parser } from 'htmlparser2';

import { linesOf } from '../lines.ts';
import type { Composed, Place } from './compose.ts';

/** MJML is a tool of those who publish; a worker in production has none. */
type Mjml2Html = (
  source: string,
  options: { validationLevel: 'soft'; keepComments: boolean },
) => Promise<{ html: string; errors: { line: number; message: string; tagName: string }[] }>;

/** The HTML of a composed document, Handlebars and all. `mistakes` are `file:line what`. */
export async function mjmlToHtml({ mjml, places }: Composed): Promise<{ html: string; mistakes: string[] }> {
  const open = unclosed(mjml).map(({ name, line }) => `${placeOf(places, line)} <${name}> is never closed`);
  if (open.length > 0) return { html: '', mistakes: open };
  const lineAt = linesOf(mjml);
  const mistakes = [...mjml.matchAll(/<mj-include\b/gi)].map(
    ({ index }) => `${placeOf(places, lineAt(index))} mj-include: use {{> name}}`,
  );
  if (mistakes.length > 0) return { html: '', mistakes };
  const mjml2html = await loadMjml();
  try {
    const { html, errors } = await mjml2html(mjml, { validationLevel: 'soft', keepComments: false });
    return { html, mistakes: errors.map(({ line, message }) => `${placeOf(places, line)} ${message}`) };
  } catch (error) {
    return { html: '', mistakes: [inWords(places, (error as Error).message)] };
  }
}

/** MJML closes by itself what nobody closed, in a place that nobody meant. */
function unclosed(mjml: string): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  const opened: number[] = [];
  const lineAt = linesOf(mjml);
  const parser = new Parser(
    {
      onopentagname: () => void opened.push(parser.startIndex),
      onclosetag(name, implied) {
        const at = opened.pop() ?? 0;
        const selfClosing = mjml.slice(parser.endIndex - 1, parser.endIndex + 1) === '/>';
        if (implied && !selfClosing && /^mj(?:ml$|-)/.test(name)) found.push({ name, line: lineAt(at) });
      },
    },
    { xmlMode: true },
  );
  parser.end(mjml);
  return found.toReversed();
}

const mjml: string = 'mjml';

async function loadMjml(): Promise<Mjml2Html> {
  try {
    // The package has no types of its own.
    const { default: mjml2html } = (await import(mjml)) as { default: Mjml2Html };
    return mjml2html;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(
      'Templates are compiled by the package mjml, which is not installed here: run npm ci, without --omit=dev',
      { cause: error },
    );
  }
}

/** Where a line of the composed document comes from, as `file:line`. */
export function placeOf(places: readonly Place[], line: number): string {
  const place = places[Math.min(Math.max(line, 1), places.length) - 1];
  return place ? `${place.file}:${place.line}` : 'the composed document';
}

/** MJML's parser throws with the line in its words. */
function inWords(places: readonly Place[], message: string): string {
  const line = /\bline:?\s*(\d+)/i.exec(message)?.[1];
  return `${placeOf(places, Number(line ?? 1))} MJML cannot compile it: ${message}`;
}
