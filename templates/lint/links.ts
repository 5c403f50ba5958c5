import { type Element, elements, visibleText } from './document.ts';
import { placeOf } from './places.ts';
import type { MailRule } from './rule.ts';

export const httpLink: MailRule = {
  name: 'http-link',
  level: 'warning',
  what: 'Links, images and what CSS loads begin with `https:`.',
  why: 'Whoever is on the way reads and changes what goes over http:, and browsers warn of it.',
  source: '[W3C TAG, Securing the Web](https://www.w3.org/2001/tag/doc/web-https)',
  of: 'branches and sample',
  check(mail) {
    const { document } = mail;
    const leading = ['a', 'area'].flatMap((name) => elements(document, name)).map(({ attribs }) => attribs['href']);
    const shown = elements(document, '*').flatMap(({ attribs }) => [attribs['src'], attribs['background']]);
    const loaded = elements(document, '*').flatMap((element) => loadedBy(element));
    const plain = [...leading, ...shown, ...loaded].filter((url): url is string => /^\s*http:/i.test(url ?? ''));
    return [...new Set(plain)].map((url) => ({ message: `${url}: make it https:`, ...placeOf(mail, url) }));
  },
};

/** What the CSS of an element or of a style sheet loads. */
function loadedBy({ name, attribs, children }: Element): string[] {
  const sheet = name === 'style' ? children.map((child) => ('data' in child ? child.data : '')).join('') : '';
  const css = `${attribs['style'] ?? ''};${sheet}`;
  return [...css.matchAll(/(?:url\(|@import)\s*["']?([^"')]*)/gi)].map(([, url = '']) => url.trim());
}

export const emptyLink: MailRule = {
  name: 'empty-link',
  level: 'warning',
  what: 'A link or a button has an `href`, and not `#`. An empty one, `href=""`, is an error: the mail would not be sent.',
  why: 'A reader who clicks and gets nowhere does not click again. Mostly it is a link that was to be filled in later.',
  source:
    '[HTML Standard, 4.6 Links](https://html.spec.whatwg.org/multipage/links.html#links-created-by-a-and-area-elements)',
  of: 'branches',
  check(mail) {
    const links = elements(mail.document, 'a').filter(
      ({ attribs }) => !isTarget(attribs) && leadsNowhere(attribs['href']),
    );
    const buttons = elements(mail.document, 'td').flatMap(buttonWithoutLink);
    return [...links, ...buttons].map((element) => {
      const words = visibleText(element).trim();
      const { href } = element.attribs;
      const has = href === undefined ? 'no href' : `href="${href}"`;
      return { message: `"${words}" has ${has}: give the page that it leads to`, ...placeOf(mail, `>${words}<`) };
    });
  },
};

function leadsNowhere(href: string | undefined): boolean {
  return ['', '#'].includes((href ?? '').trim());
}

/** What other links lead to. */
function isTarget({ href, id, name }: Element['attribs']): boolean {
  return href === undefined && (id !== undefined || name !== undefined);
}

/** MJML makes a paragraph of an mj-button without href, in the cell that would hold the link. */
function buttonWithoutLink({ attribs, children }: Element): Element[] {
  if (attribs['role'] !== 'presentation' || attribs['bgcolor'] === undefined) return [];
  return children.filter((child): child is Element => 'name' in child && child.name === 'p');
}
