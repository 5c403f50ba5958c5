import { canonical, readAlike, scriptOf } from '../events/closest-locale.ts';

/**
 * In which locale numbers and dates stand in a mail: the reader's own where it is of the mail's language and script (`de-CH` in
 * a German mail), else the mail's. A French date in an English sentence helps nobody.
 */
export function formatLocale(reader: string | undefined, mail: string): string {
  return reader !== undefined && readAlike(reader, mail) ? canonical(reader) : mail;
}

const rightToLeft = new Set(
  'Adlm Arab Armi Hebr Mand Mend Nbat Nkoo Phli Phnx Prti Rohg Samr Sarb Syrc Thaa Yezi'.split(' '),
);

/** The direction of the script that a locale is written in: Punjabi in Pakistan is written from right to left. */
export function direction(locale: string): 'ltr' | 'rtl' {
  return rightToLeft.has(scriptOf(locale) ?? '') ? 'rtl' : 'ltr';
}
