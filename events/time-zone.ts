import rails from 'rails-timezone';
import { findIana } from 'windows-iana';

/**
 * The IANA name of a time zone, also of one as Windows (CLDR's table) or Rails names it: `W. Europe Standard Time`,
 * `Eastern Time (US & Canada)`, `(GMT+01:00) Berlin`. Undefined when it is none. An offset such as `+02:00` is none: it knows no
 * daylight saving.
 */
export function timeZoneOf(text: string): string | undefined {
  const name = text.trim();
  if (isTimeZone(name)) return name;
  const underscored = name.replaceAll(' ', '_');
  if (isTimeZone(underscored)) return underscored;
  const bare = name.replace(/^\((GMT|UTC)[^)]*\)\s*/, '');
  const found = findIana(bare)[0] ?? rails.from(bare);
  return found !== undefined && isTimeZone(found) ? found : undefined;
}

function isTimeZone(name: string): boolean {
  try {
    // Newer ICUs take offsets too.
    return !/^[+-]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
