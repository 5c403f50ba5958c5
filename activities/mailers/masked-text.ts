import { cut, withoutAddresses } from '../../config/scrub.ts';

/** Room for what is masked to become shorter or longer. */
const mostRead = 2_000;
const mostKept = 500;

/**
 * A text of a provider that may be kept as a personal field: without addresses, and without what identifies the recipient (`values`:
 * address, name) in the spellings in which mail servers repeat it. A second net: the text is erased with the person anyway.
 */
export function maskedText(text: unknown, values: readonly string[]): string {
  let plain = withoutAddresses(decoded(cut(typeof text === 'string' ? text : '', mostRead)));
  for (const needle of needlesOf(values)) plain = plain.replaceAll(needle, '[recipient]');
  return cut(plain, mostKept);
}

/** Encoded words say in full what the mask would look for, so they are left out; other encodings are undone. */
function decoded(text: string): string {
  return text
    .replaceAll(/=\?\S*/g, '[encoded]')
    .normalize('NFKC')
    .replaceAll(/[=%]([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d{2,3});|&#x([0-9a-f]{2});/gi, (whole, decimal?: string, hex?: string) => {
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : whole;
    })
    .replaceAll(/[ \t]{1,8}@[ \t]{1,8}/g, '@');
}

/** The values whole, then their words: a server may repeat a part of an address or of a name. Longest first. */
function needlesOf(values: readonly string[]): RegExp[] {
  const texts = values.flatMap((value) => {
    const plain = cut(value, 400).normalize('NFKC');
    const local = plain.includes('@') ? plain.slice(0, plain.lastIndexOf('@')) : plain;
    return [plain, local, local.replace(/\+.*$/s, ''), ...local.split(/[^\p{L}\p{N}]+/u)];
  });
  const wanted = new Set(texts.map((text) => text.trim().toLowerCase()).filter((text) => text.length >= 3));
  return [...wanted].toSorted((one, other) => other.length - one.length).map(patternOf);
}

function patternOf(text: string): RegExp {
  return new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu');
}
