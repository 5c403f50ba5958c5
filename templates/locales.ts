/** The languages in which to look for somebody's words, the closest first: `pt-BR` -> `pt-BR`, `pt`. */
export function fallbackChain(locale: string): string[] {
  const chain: string[] = [];
  for (let rest = canonical(locale); rest !== ''; rest = rest.slice(0, Math.max(0, rest.lastIndexOf('-')))) {
    chain.push(rest);
  }
  return chain;
}

/** The closest of the languages that there are, else `otherwise`. */
export function closestLocale(wanted: string | undefined, there: Iterable<string>, otherwise: string): string {
  const known = new Set(there);
  return fallbackChain(wanted ?? '').find((locale) => known.has(locale)) ?? otherwise;
}

/** The usual spelling (`pt-br` -> `pt-BR`), or the text itself where it is no locale. */
export function canonical(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? locale;
  } catch {
    return '';
  }
}

/**
 * In which locale numbers and dates stand in a mail: the reader's own where it is of the mail's language (`de-CH` in a German
 * mail), else the mail's. A French date in an English sentence helps nobody.
 */
export function formatLocale(reader: string | undefined, mail: string): string {
  const own = canonical(reader ?? '');
  return own.split('-')[0] === mail.split('-')[0] ? own : mail;
}

const rightToLeft = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'syr', 'ug', 'ur', 'yi']);

export function direction(locale: string): 'ltr' | 'rtl' {
  const { language, script } = new Intl.Locale(locale);
  if (script !== undefined) return ['Arab', 'Hebr', 'Thaa', 'Syrc', 'Nkoo'].includes(script) ? 'rtl' : 'ltr';
  return rightToLeft.has(language) ? 'rtl' : 'ltr';
}
