import { mailboxOf } from '../../events/address.ts';

/**
 * A From value whose display name may hold any characters, as SES takes it: a name outside ASCII becomes an RFC 2047
 * encoded word, since SES reads the header as 7-bit.
 */
export function encodeDisplayName(from: string): string {
  const { name, address } = mailboxOf(from);
  if (name === undefined) return address;
  return /^[\x20-\x7e]*$/.test(name)
    ? `"${name.replaceAll(/["\\]/g, '\\$&')}" <${address}>`
    : `${encodedWords(name)} <${address}>`;
}

/** Encoded words of at most 75 characters each, cut between characters, never inside one. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let chunk = '';
  for (const character of text) {
    if (Buffer.byteLength(chunk + character) > 45) {
      words.push(chunk);
      chunk = '';
    }
    chunk += character;
  }
  return [...words, chunk].map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}
