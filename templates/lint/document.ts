import { DomUtils, ElementType, parseDocument } from 'htmlparser2';

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
  const parts = node.children.map((child: Node) => {
    if (isText(child)) return child.data;
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
  return ['head', 'style', 'script', 'title'].includes(name) || /display:\s*none/i.test(attribs['style'] ?? '');
}

export function hasClass({ attribs }: Element, name: string): boolean {
  return (attribs['class'] ?? '').split(/\s+/).includes(name);
}
