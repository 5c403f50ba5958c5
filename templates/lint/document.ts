import { DomUtils, ElementType, parseDocument } from 'htmlparser2';

import { conditional } from '../safe-html.ts';

export type Document = ReturnType<typeof parseDocument>;
export type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];
type Node = Document['children'][number];
type Text = Extract<Node, { type: typeof ElementType.Text }>;

export function parseHtml(html: string): Document {
  return parseDocument(html);
}

export function isElement(node: Node): node is Element {
  return 'attribs' in node;
}

export function isText(node: Node): node is Text {
  return node.type === ElementType.Text;
}

/** Every element of this name, in the order of the document. */
export function elements(document: Document | Element, name: string): Element[] {
  return DomUtils.getElementsByTagName(name, document.children);
}

export function elementsOfClass(document: Document, name: string): Element[] {
  return elements(document, '*').filter((element) => hasClass(element, name));
}

/** What a reader sees: nothing of `<head>`, nothing hidden, and nothing of what `leaveOut` names. */
export function visibleText(node: Document | Element, leaveOut: (element: Element) => boolean = () => false): string {
  const unseen = isWithoutSize(node);
  const parts = node.children.map((child: Node) => {
    if (isText(child)) return unseen ? '' : child.data;
    if (!isElement(child) || isHidden(child) || leaveOut(child)) return '';
    const text = visibleText(child, leaveOut);
    return inline.has(child.name) ? text : ` ${text} `;
  });
  return parts.join('').replaceAll(/\s+/g, ' ');
}

/** Elements that end no word. */
const inline = new Set(['a', 'abbr', 'b', 'bdi', 'code', 'em', 'i', 'small', 'span', 'strong', 'sub', 'sup', 'u']);

/** Neither it nor anything around it is hidden, and it has words or an image that says something. */
export function isSeen(element: Element): boolean {
  for (let at: Element['parent'] | Element = element; at; at = at.parent) {
    if ('attribs' in at && isHidden(at)) return false;
  }
  const images = elements(element, 'img').some(({ attribs }) => (attribs['alt'] ?? '').trim() !== '');
  return images || visibleText(element).trim() !== '';
}

function isHidden({ name, attribs }: Element): boolean {
  if (['head', 'style', 'script', 'title'].includes(name) || attribs['hidden'] !== undefined) return true;
  const style = declarations(attribs['style']);
  return (
    style.get('display') === 'none' ||
    /^(?:hidden|collapse)$/.test(style.get('visibility') ?? '') ||
    [style.get('opacity'), style.get('max-height')].some((value) => Number.parseFloat(value ?? '1') === 0)
  );
}

/** The letters of it have no size: MJML writes `font-size:0px` around its columns, and sizes again inside. */
function isWithoutSize(node: Document | Element): boolean {
  for (let at: Element['parent'] | Element = node; at; at = at.parent) {
    const size = 'attribs' in at ? (declarations(at.attribs['style']).get('font-size') ?? '') : '';
    if (Number.parseFloat(size) === 0) return true;
    if (size !== '' && !/(?:%|em)$/.test(size)) return false; // shares of nothing are nothing
  }
  return false;
}

/** The last one of each name counts, as in a mail program. */
function declarations(style = ''): ReadonlyMap<string, string> {
  return new Map(
    style.split(';').map((piece) => {
      const [property = '', value = ''] = piece.split(':', 2);
      return [
        property.trim().toLowerCase(),
        value
          .replace(/!\s*important/i, '')
          .trim()
          .toLowerCase(),
      ];
    }),
  );
}

export function hasClass({ attribs }: Element, name: string): boolean {
  return (attribs['class'] ?? '').split(/\s+/).includes(name);
}

/** What Outlook on Windows reads in comments, and no other mail program. */
export function forOutlook(document: Document): Document[] {
  return DomUtils.find(isComment, document.children, true, Infinity).flatMap((node) => {
    const data = 'data' in node ? node.data : '';
    return conditional.test(data) ? [parseHtml(data.replace(conditional, ''))] : [];
  });
}

function isComment(node: Node): boolean {
  return node.type === ElementType.Comment;
}
