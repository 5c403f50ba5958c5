import { convert } from 'html-to-text';

import { replaceMustaches } from '../mustaches.ts';

const asText = {
  wordwrap: false as const,
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'div[style*="display:none"]', format: 'skip' }, // the preheader stands before the mail, not in it
    { selector: 'title', format: 'skip' },
    {
      selector: 'a',
      options: { hideLinkHrefIfSameAsText: true, linkBrackets: ['<', '>'] as [string, string], noAnchorUrl: false },
    },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
};

/** Around the number of what Handlebars will read: letters that no text has. */
const [open, close] = ['\ufdd0', '\ufdd1'];

/**
 * The text part of a mail from its compiled HTML: Handlebars in it stay as they are, to the letter, and are filled in when it
 * is sent. Undefined: words of the HTML would become Handlebars there, such as `&#123;&#123;`.
 */
export function textPart(html: string): string | undefined {
  const found: string[] = [];
  const words = replaceMustaches(
    html.replaceAll(/[\ufdd0\ufdd1]/g, ''),
    (_, text) => `${open}${found.push(text) - 1}${close}`,
  ).replaceAll(/(?<!\\)(\\+)\ufdd0(\d+)/g, (_, slashes: string, index: string) => {
    found[Number(index)] = slashes + (found[Number(index)] ?? ''); // they say what Handlebars makes of the braces
    return `${open}${index}`;
  });
  const text = convert(words, asText)
    .replaceAll(/(?<![ \t])[ \t]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  if (/\{\{|[{\\]\ufdd0/.test(text)) return undefined;
  return `${text.replaceAll(/\ufdd0(\d+)\ufdd1/g, (_, index: string) => found[Number(index)] ?? '')}\n`;
}
