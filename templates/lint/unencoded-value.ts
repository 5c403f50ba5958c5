import { branchesOf } from '../branches.ts';
import { isEncoded } from '../compile/data-places.ts';
import type { Finding } from '../compiled.ts';
import { linesOf } from '../lines.ts';
import { mustachesIn } from '../mustaches.ts';
import { linkAttributes } from '../safe-html.ts';
import { type Document, elements, forOutlook, parseHtml, visibleText } from './document.ts';
import { placeOf } from './places.ts';
import type { Found, MailOfSample, MailRule } from './rule.ts';
import { fileOfText } from './text-part.ts';

export const unencodedValue: MailRule = {
  name: 'unencoded-value',
  level: 'warning',
  what: 'A value behind the beginning of a link is encoded, `{{url event.id}}`, in the HTML and in a text part written by hand. A link may begin with a value as it is: `{{event.url}}`.',
  why: 'A `&`, a `#`, a `/` or a blank in a value changes where the link leads, and whoever writes the value chooses.',
  source: '[RFC 3986, 2.4](https://www.rfc-editor.org/rfc/rfc3986#section-2.4): when to encode or decode',
  of: 'branches',
  check(mail) {
    // The text has branches of its own: they are checked once, beside the first one of the HTML.
    const inText = mail.document === mail.branches[0] ? foundInText(mail) : [];
    const links = [mail.document, ...forOutlook(mail.document)].flatMap(linksOf);
    return [
      ...links.flatMap((link) =>
        unencodedIn(link, (text, mustache) => ({ ...placeOf(mail, mustache), ...placeOf(mail, text) })),
      ),
      ...inText,
    ];
  },
};

function linksOf(document: Document): string[] {
  return elements(document, '*').flatMap(({ attribs }) =>
    Object.entries(attribs).flatMap(([name, value]) => (linkAttributes.has(name) ? [value.trim()] : [])),
  );
}

/** Those that a mail program makes links of. */
const written = /(?:https?:\/\/|mailto:|tel:)(?:\{\{[^{}]*\}\}|[^\s<>"{])*/gi;

function foundInText(mail: MailOfSample): Found[] {
  const { textIsDerived, text } = mail.variant;
  if (textIsDerived) return [];
  const lineAt = linesOf(text);
  const first = new Map<string, number>();
  for (const { start, end } of mustachesIn(text)) {
    const mustache = text.slice(start, end);
    if (!first.has(mustache)) first.set(mustache, lineAt(start));
  }
  const file = fileOfText(mail);
  return branchesOf(text, (mustache) => mustache)
    .map((branch) => visibleText(parseHtml(branch.replaceAll('<', '&lt;'))))
    .flatMap((branch) => branch.match(written) ?? [])
    .flatMap((link) =>
      unencodedIn(link, (_, mustache) => {
        const line = first.get(mustache);
        return { file, ...(line !== undefined && { line }) };
      }),
    );
}

type Place = Partial<Pick<Finding, 'file' | 'line'>>;

/** `place` gets the link up to its value, and the value alone. */
function unencodedIn(link: string, place: (text: string, mustache: string) => Place): Found[] {
  return [...mustachesIn(link)].flatMap(({ start, end }) => {
    const mustache = link.slice(start, end);
    if (isBeginning(link.slice(0, start)) || isEncoded(mustache) || isNumber(mustache)) return [];
    const inside = mustache.replaceAll(/^\{\{~?\s*|\s*~?\}\}$/g, '');
    const call = /\s/.test(inside) ? `(${inside})` : inside;
    const message = `${mustache} in ${link} is not encoded: write {{url ${call}}}`;
    return [{ message, ...place(link.slice(0, end), mustache) }];
  });
}

/** Nothing, or what an address or a number begins with: those are not encoded. */
function isBeginning(before: string): boolean {
  return /^(?:mailto:|tel:)?$/i.test(before);
}

/** The place in a loop. */
function isNumber(mustache: string): boolean {
  return /^\{\{~?\s*@(?:index|key|first|last)\s*~?\}\}$/.test(mustache);
}
