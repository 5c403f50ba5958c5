import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** CLDR's own list, by locale: what reads closest where the rules below would find something else. `und`: nothing does. */
const { supplemental } = require('cldr-core/supplemental/parentLocales.json') as {
  supplemental: { parentLocales: { parentLocale: Readonly<Record<string, string>> } };
};
const parents = supplemental.parentLocales.parentLocale;

/**
 * The locales to look for, the closest first, as CLDR inherits them: `es-MX`, `es-419`, `es`. Each is followed by its other
 * spellings (`zh-TW`, `zh-Hant-TW`), and a locale is never followed by one in another script: `zh-HK` ends at `zh-Hant`.
 */
export function fallbackChain(locale: string): readonly string[] {
  const known = chains.get(locale);
  if (known) return known;
  if (chains.size >= 1_000) chains.clear();
  const chain = chainOf(locale);
  chains.set(locale, chain);
  return chain;
}

/** It is asked for once for each email. */
const chains = new Map<string, readonly string[]>();

function chainOf(locale: string): readonly string[] {
  const exact = canonical(locale);
  if (exact === '') return [];
  if (exact.startsWith('und')) return [exact]; // of no language
  const chain = new Set([exact]);
  // What V8 calls the base name may still have an extension.
  const baseName = new Intl.Locale(exact).baseName.replace(/-[a-z0-9]-.*$/i, '');
  const { language } = new Intl.Locale(exact);
  for (let at: string | undefined = withScript(baseName, language); at !== undefined; at = parentOf(at)) {
    for (const spelling of spellings(at)) chain.add(spelling);
  }
  return [...chain];
}

/** `zh-TW` is `zh-Hant-TW`: without its script, the next one would be `zh`, which is written in another. */
function withScript(tag: string, language: string): string {
  const { script, region } = new Intl.Locale(tag);
  const likely = scriptOf(tag);
  if (script !== undefined || region === undefined || likely === undefined || likely === scriptOf(language)) return tag;
  return tag.replace(language, `${language}-${likely}`);
}

function parentOf(tag: string): string | undefined {
  if (Object.hasOwn(parents, tag)) return parents[tag] === 'und' ? undefined : parents[tag];
  const shorter = tag.slice(0, Math.max(0, tag.lastIndexOf('-')));
  return shorter !== '' && scriptOf(shorter) === scriptOf(tag) ? shorter : undefined;
}

/** Norwegian without more is Bokmål: emails and phones call it by either name. */
const alsoCalled: Readonly<Record<string, string>> = { no: 'nb' };

/** The tag, and the other ones that mean the same by CLDR's likely subtags. */
function spellings(tag: string): string[] {
  const { language, region } = new Intl.Locale(tag);
  const likely = new Intl.Locale(tag).maximize();
  const { script } = likely;
  const where = region ?? likely.region;
  const same = [language, `${language}-${where}`, `${language}-${script}`, `${language}-${script}-${where}`].filter(
    (other) => !other.includes('undefined') && new Intl.Locale(other).maximize().baseName === likely.baseName,
  );
  const other = alsoCalled[tag];
  return [tag, ...same, ...(other === undefined ? [] : spellings(other))];
}

/** The closest of the locales that there are, else `otherwise`. */
export function closestLocale(wanted: string | undefined, there: Iterable<string>, otherwise: string): string {
  const known = new Set(there);
  return fallbackChain(wanted ?? '').find((locale) => known.has(locale)) ?? otherwise;
}

/** The usual spelling (`pt-br` -> `pt-BR`), or an empty text where it is no locale. */
export function canonical(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? '';
  } catch {
    return '';
  }
}

/** Whether both are the same language in the same script. */
export function readAlike(one: string, other: string): boolean {
  const [first, second] = [canonical(one), canonical(other)];
  if (first === '' || second === '') return false;
  return languageOf(first) === languageOf(second) && scriptOf(first) === scriptOf(second);
}

function languageOf(tag: string): string {
  const { language } = new Intl.Locale(tag);
  return alsoCalled[language] ?? language;
}

/** The script that is written, or the likely one, by ISO 15924. Undefined where CLDR knows none. */
export function scriptOf(tag: string): string | undefined {
  return new Intl.Locale(tag).maximize().script;
}
