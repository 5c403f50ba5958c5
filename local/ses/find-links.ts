import type { Mail } from './mail.ts';

export interface Link {
  href: string;
  /** The words that are linked, or what the link is for. */
  label: string;
}

const MAX_LINKS = 200;

/** The links a reader could follow. Only http and https: `javascript:` must not become clickable on the inbox's page. */
export function findLinks(mail: Mail): Link[] {
  const found = [...fromHeader(mail), ...fromHtml(mail.html ?? ''), ...fromText(mail.text ?? '')];
  const seen = new Set<string>();
  return found
    .filter(({ href }) => /^https?:\/\//i.test(href) && !seen.has(href) && seen.add(href))
    .slice(0, MAX_LINKS);
}

function fromHeader({ headers }: Mail): Link[] {
  const value = headers.find(({ name }) => name.toLowerCase() === 'list-unsubscribe')?.value ?? '';
  return [...value.matchAll(/<([^>]+)>/g)].map(([, href = '']) => ({ href, label: 'List-Unsubscribe header' }));
}

function fromHtml(source: string): Link[] {
  // Bounded repeats: a mail made of a million `<a` must not keep the process busy.
  const anchors = source.matchAll(
    /<a\b[^>]{0,2000}?\shref\s*=\s*(?:"([^"]{0,4000})"|'([^']{0,4000})')[^>]{0,2000}>(.{0,2000}?)<\/a>/gis,
  );
  return [...anchors].map(([, double, single, inner = '']) => ({
    href: decodeEntities(double ?? single ?? '').trim(),
    label:
      decodeEntities(inner.replace(/<[^>]*>/g, ' '))
        .replace(/\s+/g, ' ')
        .trim() || 'Image or empty link',
  }));
}

function fromText(source: string): Link[] {
  return [...source.matchAll(/https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?]/gi)].map(([href]) => ({
    href,
    label: 'In the text part',
  }));
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
