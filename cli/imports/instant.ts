import { z } from 'zod';

const day = z.iso.date();
const dayAndTime = z.iso.datetime({ offset: true, local: true });
const rfc2822 = /^(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:UTC|GMT|Z|[+-]\d{4})$/;

/** What exports write in place of a time that they do not know. */
const unknown = /^(?:0000-00-00|0001-01-01|(?:[A-Za-z]{3}, *)?0?1 Jan 0001 )/;

/**
 * Reads a time as exports write it, and returns Unix ms: Unix seconds (also with a fraction) or milliseconds, a date, ISO 8601, a
 * date and time with a space between (UTC unless it has an offset), or RFC 2822. Undefined when it is none of them, `'none'` when
 * it is empty or stands for an unknown time.
 */
export function instant(text: string): number | 'none' | undefined {
  if (text === '' || unknown.test(text)) return 'none';
  if (/^\d{9,10}(?:\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1_000);
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (rfc2822.test(text)) return Date.parse(text);
  const iso = text
    .replace(/ ?(?:UTC|GMT)$/i, 'Z')
    .replace(/ ([+-]\d\d:?\d\d)$/, '$1')
    .replace(' ', 'T');
  if (day.safeParse(iso).success) return Date.parse(iso);
  const withColon = iso.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  if (!dayAndTime.safeParse(withColon).success) return undefined;
  return Date.parse(/(?:Z|[+-]\d\d:\d\d)$/i.test(withColon) ? withColon : `${withColon}Z`);
}

const dayMs = 86_400_000;

/** Whether a time is later than the clocks and time zones of exports explain, in Unix ms. */
export const isFuture = (at: number, now: number) => at > now + dayMs;
