import { isAscii } from './addresses.ts';

/** A header value as RFC 2047 wants it: ASCII stays readable, the rest becomes encoded words of at most 75 characters. */
export function encodeHeaderText(text: string): string {
  // A line that cannot be folded and is longer than 998 is not a legal header, ASCII or not.
  const unfoldable = text.split(' ').some((word) => word.length > 900);
  if (isAscii(text) && !unfoldable) return text;
  const words: string[] = [];
  let chunk = '';
  for (const char of text) {
    // 45 bytes are 60 base64 characters, 72 with the frame. Never split inside a character.
    if (Buffer.byteLength(chunk + char) > 45) {
      words.push(chunk);
      chunk = '';
    }
    chunk += char;
  }
  words.push(chunk);
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

/** Decodes encoded words; anything it cannot decode stays as it is. */
export function decodeHeaderText(value: string): string {
  // White space between two encoded words belongs to the folding, not to the text.
  const joined = value.replace(/(\?=)\s+(?==\?[^?\s]+\?[BbQq]\?)/g, '$1');
  return joined.replace(/(?:=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)+/g, decodeRun);
}

/** Neighbouring words of one charset are decoded together: senders do split characters between them. */
function decodeRun(run: string): string {
  let text = '';
  let pending: { charset: string; bytes: Buffer } | undefined;
  const flush = () => (text += pending ? decodeBytes(pending.bytes, pending.charset) : '');
  for (const [, charset = '', encoding = '', data = ''] of run.matchAll(/=\?([^?\s]+)\?([BbQq])\?([^?\s]*)\?=/g)) {
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(data, 'base64') : fromQuoted(data.replaceAll('_', ' '));
    if (pending?.charset === charset) pending.bytes = Buffer.concat([pending.bytes, bytes]);
    else {
      flush();
      pending = { charset, bytes };
    }
  }
  flush();
  return text;
}

/** Text of an unknown charset is read as UTF-8: showing something beats showing nothing. */
export function decodeBytes(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset.split('*')[0]).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** Folds `Name: value` at spaces so that lines stay near 76 characters. */
export function foldHeader(name: string, value: string): string {
  const lines: string[] = [];
  let line = `${name}:`;
  for (const word of value.split(' ')) {
    // A line may not be white space only, so an empty word (two spaces in a row) never starts one.
    if (line.length + 1 + word.length > 76 && line !== `${name}:` && word !== '' && !line.endsWith(' ')) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\r\n');
}

/** Quoted-printable with CRLF line ends: readable in the raw view, and every line at most 76 characters. */
export function toQuotedPrintable(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(quoteLine)
    .join('\r\n');
}

function quoteLine(text: string): string {
  const bytes = Buffer.from(text);
  let out = '';
  let column = 0;
  for (const [index, byte] of bytes.entries()) {
    const atEnd = index === bytes.length - 1;
    const blank = byte === 0x20 || byte === 0x09;
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x3d;
    const token =
      plain || (blank && !atEnd) ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    if (column + token.length > 75) {
      out += '=\r\n';
      column = 0;
    }
    out += token;
    column += token.length;
  }
  return out;
}

export function fromQuoted(text: string): Buffer {
  const soft = text.replace(/[ \t]+(\r?\n|$)/g, '$1').replace(/=\r?\n/g, '');
  return Buffer.from(
    soft.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

export const wrapBase64 = (base64: string) => base64.replace(/(.{76})(?!$)/g, '$1\r\n');
