import { Parser } from 'htmlparser2';

const linkAttributes = new Set(['href', 'src', 'action', 'formaction', 'background', 'poster', 'cite', 'xlink:href']);
const links = /^(?:https?|mailto|tel):/i;
const elements = new Set(['script', 'iframe', 'object', 'embed', 'form', 'input', 'button', 'base', 'svg', 'math']);

/**
 * What of a mail's finished HTML must not reach anybody: a link that is none of https, http, mailto and tel, an event
 * handler, an element that runs or submits something. Looked for in the parsed result, so that it does not matter by which
 * way it came there. One line for each.
 */
export function unsafeParts(html: string): string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (elements.has(name)) found.push(`<${name}> has no place in a mail`);
      for (const [attribute, value] of Object.entries(attributes)) {
        if (attribute.startsWith('on')) found.push(`<${name} ${attribute}=…>: no event handlers`);
        if (attribute === 'srcset') found.push(`<${name} srcset=…>: no mail program needs it`);
        if (linkAttributes.has(attribute) && !isLink(value))
          found.push(`<${name} ${attribute}="${shown(value)}">: ${why}`);
      }
    },
  });
  parser.end(html);
  return found;
}

const why = 'links begin with https:, http:, mailto: or tel:';

/** Browsers skip blanks and control characters in a scheme, so they count as nothing here too. `#` leads nowhere else. */
function isLink(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- see above
  const target = value.replaceAll(/[\u0000-\u0020\u007f-\u009f]/g, '');
  return links.test(target) || target.startsWith('#');
}

function shown(value: string): string {
  const head = value.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?');
  return head.length < value.length ? `${head}…` : head;
}
