import countries from 'i18n-iso-countries';

/** Names in everyday use that are no countries of ISO 3166. */
const others: readonly (readonly [string, string])[] = ['england', 'scotland', 'wales', 'northern ireland'].map(
  (name) => [name, 'GB'] as const,
);

let codes: Map<string, string> | undefined;

/** Every name of every country, in all languages that the library has: its own data, from CLDR and ISO. English wins. */
function codesByName(): Map<string, string> {
  if (codes !== undefined) return codes;
  codes = new Map(others);
  for (const language of ['en', ...countries.langs()]) {
    for (const [code, names] of Object.entries(countries.getNames(language, { select: 'all' }))) {
      for (const name of [names].flat()) if (!codes.has(keyOf(name))) codes.set(keyOf(name), code);
    }
  }
  return codes;
}

/**
 * The two letters of ISO 3166 for a code of two or three letters or of three digits, or for a name in any usual language: `usa`, `U.S.A.`,
 * `Deutschland`. Undefined when it is none.
 */
export function countryCode(text: string): string | undefined {
  const plain = text.trim().replaceAll('.', '');
  const code = plain.toUpperCase();
  if (/^([A-Z]{2,3}|\d{3})$/.test(code) && countries.isValid(code)) return countries.toAlpha2(code);
  return codesByName().get(keyOf(plain));
}

function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase().replaceAll('.', '').replaceAll(/\s+/g, ' ');
}
