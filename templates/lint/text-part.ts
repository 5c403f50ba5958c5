import { elements } from './document.ts';
import { hasWords } from './measure.ts';
import type { Found, MailOfSample, MailRule } from './rule.ts';

export const textPart: MailRule = {
  name: 'text-part',
  level: 'error',
  milder: 'a text part written by hand lacks a link that the HTML has',
  what: 'The text part has words, and all links of the HTML.',
  why: 'Watches, screen readers and some people read the text part, and filters compare the two.',
  source:
    '[RFC 2046, 5.1.4](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4): the parts of multipart/alternative say the same',
  check(mail) {
    const { rendered, variant } = mail;
    const file = fileOfText(mail);
    if (!hasWords(rendered.text)) return [{ message: 'the text part has no words', file }];
    return variant.textIsDerived ? [] : missingLinks(mail).map((found) => ({ ...found, file }));
  },
};

function missingLinks({ document, rendered: { text }, links }: MailOfSample): Exclude<Found, string>[] {
  const there = new Set([...text.matchAll(/https?:[^\s<>"]+/gi)].flatMap(([url]) => [plain(url), plain(unended(url))]));
  const digits = text.replaceAll(/[\s()/-]/g, '');
  const inHtml = new Set(elements(document, 'a').map(({ attribs }) => (attribs['href'] ?? '').trim()));
  return [...inHtml]
    .filter((href) => {
      const [, scheme = '', address = ''] = /^(https?|mailto|tel):([^?]*)/i.exec(href) ?? [];
      if (scheme === '' || href === links.unsubscribe) return false; // the way out has a rule of its own
      if (scheme === 'tel') return !digits.includes(address.replaceAll(/[\s()/-]/g, ''));
      return scheme === 'mailto' ? !text.includes(address) : !there.has(plain(href));
    })
    .map((href) => ({ level: 'warning', message: `the text part lacks the link to ${href}, which the HTML has` }));
}

/** Without what ends the sentence around it. */
function unended(url: string): string {
  return url.replace(/(?<![.,;:!?)\]])[.,;:!?)\]]+$/, '');
}

function plain(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
}

/** The file that the text part is written in, or the HTML that it is made of. */
export function fileOfText({ template, variant }: MailOfSample): string {
  const written = variant.file.replace(/\.mjml$/, '.txt');
  return template.sources[written] === undefined ? variant.file : written;
}
