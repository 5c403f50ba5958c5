/**
 * The usual spelling of a locale (BCP 47), also of one as POSIX and Java write it: `en_us`, `pt_BR.UTF-8`, `de_DE@euro`.
 * Undefined when it is none. Names of languages, such as `English`, are none.
 */
export function localeOf(text: string): string | undefined {
  const tag = text
    .trim()
    .replace(/[.@].*$/, '')
    .replaceAll('_', '-');
  try {
    // Extensions say nothing about which words to send: `en-US-posix` is `en-US-u-va-posix` by then.
    const canonical = Intl.getCanonicalLocales(tag)[0]?.replace(/-[a-z0-9]-.*$/i, '');
    // Longer languages are valid in form, and none is registered.
    return canonical !== undefined && /^[a-z]{2,3}(-|$)/.test(canonical) ? canonical : undefined;
  } catch {
    return undefined;
  }
}
