import { decodeBytes, decodeHeaderText, fromQuoted } from './encode-text.ts';
import type { Attachment, Header } from './mail.ts';

// Enough of MIME to show what a sender put into Raw content. It works on latin1 text, where a character is a byte.

export interface ReadMime {
  headers: Header[];
  html?: string;
  text?: string;
  attachments: Attachment[];
}

/** Deeper nesting than any real mail has is an attack on the stack, not a mail. */
const MAX_DEPTH = 20;

export function readMime(bytes: Uint8Array): ReadMime {
  const source = Buffer.from(bytes).toString('latin1');
  const { head } = splitMessage(source);
  const found: ReadMime = {
    headers: readHeaders(head).map(({ name, value }) => ({ name, value: asUtf8(value) })),
    attachments: [],
  };
  readPart(source, found, 0);
  return found;
}

export function splitMessage(source: string): { head: string; body: string } {
  if (/^\r?\n/.test(source)) return { head: '', body: source.replace(/^\r?\n/, '') };
  const blank = /\r?\n\r?\n/.exec(source);
  if (!blank) return { head: source, body: '' };
  return { head: source.slice(0, blank.index), body: source.slice(blank.index + blank[0].length) };
}

/** Unfolded headers; `source` is the header as it stood, folding included. Lines without a colon are dropped. */
export function readHeaders(head: string): (Header & { source: string })[] {
  return head
    .split(/\r?\n(?![ \t])/)
    .map((source) => ({ source, colon: source.indexOf(':') }))
    .filter(({ colon }) => colon > 0)
    .map(({ source, colon }) => ({
      source,
      name: source.slice(0, colon).trim(),
      value: source
        .slice(colon + 1)
        .replace(/\r?\n(?=[ \t])/g, '')
        .trim(),
    }));
}

export const headerValue = (headers: readonly Header[], name: string) =>
  headers.find((header) => header.name.toLowerCase() === name)?.value;

function readPart(source: string, found: ReadMime, depth: number): void {
  const { head, body } = splitMessage(source);
  const headers = readHeaders(head);
  const type = headerValue(headers, 'content-type') ?? 'text/plain';
  const kind = (type.split(';')[0] ?? '').trim().toLowerCase();
  const boundary = parameter(type, 'boundary');
  if (kind.startsWith('multipart/') && boundary !== undefined && depth < MAX_DEPTH) {
    for (const part of splitParts(body, boundary)) readPart(part, found, depth + 1);
    return;
  }
  const disposition = headerValue(headers, 'content-disposition') ?? '';
  const bytes = decodeBody(body, headerValue(headers, 'content-transfer-encoding') ?? '');
  const isAttachment = /^attachment/i.test(disposition);
  if (kind === 'text/html' && !isAttachment && found.html === undefined) {
    found.html = decodeBytes(bytes, parameter(type, 'charset') ?? 'utf-8');
  } else if (kind === 'text/plain' && !isAttachment && found.text === undefined) {
    found.text = decodeBytes(bytes, parameter(type, 'charset') ?? 'utf-8');
  } else {
    const contentId = headerValue(headers, 'content-id')?.replace(/[<>]/g, '');
    found.attachments.push({
      fileName: decodeHeaderText(parameter(disposition, 'filename') ?? parameter(type, 'name') ?? kind),
      contentType: kind,
      inline: !isAttachment && contentId !== undefined,
      ...(contentId === undefined ? {} : { contentId }),
      content: bytes.toString('base64'),
    });
  }
}

function splitParts(body: string, boundary: string): string[] {
  const parts: string[] = [];
  let current: string[] | undefined;
  for (const line of body.split(/\r?\n/)) {
    const bare = line.trimEnd();
    if (bare !== `--${boundary}` && bare !== `--${boundary}--`) {
      current?.push(line);
      continue;
    }
    if (current) parts.push(current.join('\r\n'));
    if (bare.endsWith(`${boundary}--`)) return parts;
    current = [];
  }
  return current ? [...parts, current.join('\r\n')] : parts;
}

function decodeBody(body: string, encoding: string): Buffer {
  const name = encoding.trim().toLowerCase();
  if (name === 'base64') return Buffer.from(body, 'base64');
  if (name === 'quoted-printable') return fromQuoted(body);
  return Buffer.from(body, 'latin1');
}

function parameter(value: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(value);
  return match?.[1] ?? match?.[2];
}

const asUtf8 = (latin1: string) => Buffer.from(latin1, 'latin1').toString('utf8');
