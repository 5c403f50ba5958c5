import { Parser } from 'htmlparser2';

/** Attributes whose value is the address of something. */
export const linkAttributes = new Set(
  'href src action formaction background poster cite xlink:href ping longdesc lowsrc dynsrc'.split(' '),
);
const links = /^(?:https?|mailto|tel):/i;
const elements = new Set(
  `script iframe frame frameset object embed applet portal form input button select textarea keygen isindex base svg math
  plaintext xmp`.split(/\s+/),
);
/** The beginning of a comment that Outlook on Windows reads as HTML. */
export const conditional = /^\s*\[if\b[^\]>]*\]>/i;

/**
 * What of a mail's finished HTML must not reach anybody: a link that is none of https, http, mailto and tel, an event
 * handler, an element that runs or submits something. Looked for in the parsed result, so that it does not matter by which
 * way it came there. One line for each.
 */
export function unsafeParts(html: string): string[] {
  const found: string[] = [];
  let sheet: string | undefined;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (elements.has(name)) found.push(`<${name}> has no place in a mail`);
      if (name === 'style') sheet = '';
      if (name === 'meta' && attributes['http-equiv']?.trim().toLowerCase() === 'refresh') {
        found.push('<meta http-equiv="refresh"> has no place in a mail');
      }
      for (const [attribute, value] of Object.entries(attributes)) {
        if (attribute.startsWith('on')) found.push(`<${name} ${attribute}=…>: no event handlers`);
        if (attribute === 'style') found.push(...unsafeCss(value));
        if (attribute === 'srcset') found.push(`<${name} srcset=…>: no mail program needs it`);
        if (linkAttributes.has(attribute) && !isLink(value))
          found.push(`<${name} ${attribute}="${shown(value)}">: ${why}`);
      }
    },
    ontext(text) {
      if (sheet !== undefined) sheet += text;
    },
    onclosetag(name) {
      if (name !== 'style' || sheet === undefined) return;
      found.push(...unsafeCss(sheet));
      sheet = undefined;
    },
    oncomment(data) {
      if (conditional.test(data)) found.push(...unsafeParts(data.replace(conditional, '')));
    },
  });
  parser.end(html);
  return found;
}

/** What a style sheet or a `style` loads. */
function unsafeCss(css: string): string[] {
  return [...css.matchAll(/url\(\s*["']?([^"')]*)/gi)].flatMap(([, url = '']) =>
    isLink(url) ? [] : [`url(${shown(url)}) in CSS: ${why}`],
  );
}

const why = 'links begin with https:, http:, mailto: or tel:';

/** Browsers skip blanks and control characters in a scheme, so they count as nothing here too. `#` leads nowhere else. */
function isLink(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- see above
  const target = value.replaceAll(/[\u0000-\u0020\u007f-\u009f]/g, '');
  return links.test(target) || target.startsWith('#');
}

/** No more than the scheme: what follows may say who somebody is, and errors are kept in logs and in Temporal. */
function shown(value: string): string {
  if (value === '') return '';
  // oxlint-disable-next-line no-control-regex -- as in isLink
  const scheme = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(value.replaceAll(/[\u0000-\u0020\u007f-\u009f]/g, ''));
  return `${scheme?.[0] ?? ''}…`;
}
