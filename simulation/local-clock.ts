// Always this implementation, as in activities/zone-table.ts.
import { Temporal } from 'temporal-polyfill/implementation';

/** What the clock on somebody's wall shows at an instant, such as `Tue 2026-11-24 10:00`, and how far it is from UTC. */
export function onTheWall(zone: string, at: number): { local: string; offsetMs: number } {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatFor(zone).formatToParts(at)) parts[type] = value;
  const { weekday, year = '', month = '', day = '', hour = '', minute = '', second = '' } = parts;
  const shown = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return {
    local: `${weekday} ${year}-${month}-${day} ${hour}:${minute}`,
    offsetMs: shown - Math.floor(at / 1_000) * 1_000,
  };
}

/** When the clocks of a zone change after one instant and not after another, both Unix ms. */
export function clockChanges(zone: string, after: number, until: number): number[] {
  const changes: number[] = [];
  for (let at = zoned(zone, after); ;) {
    const change = at.getTimeZoneTransition('next');
    if (!change || change.epochMilliseconds > until) return changes;
    if (change.offsetNanoseconds !== at.offsetNanoseconds) changes.push(change.epochMilliseconds);
    at = change;
  }
}

/** So many days later at the same time on the wall, or at another (`14:30`). */
export function daysLater(zone: string, from: number, days: number, time?: string): number {
  const day = zoned(zone, from).add({ days });
  return (time === undefined ? day : day.withPlainTime(time)).epochMilliseconds;
}

/**
 * The instant of `2026-11-24`, `2026-11-24 10:00` or `2026-11-24T10:00` there, or of a date-time that tells its own offset.
 * Undefined when the text is none of these.
 */
export function instantOf(zone: string, text: string): number | undefined {
  const iso = text.trim().replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, '$1T');
  try {
    if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(iso)) return Temporal.Instant.from(iso).epochMilliseconds;
    if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(iso)) return undefined;
    return Temporal.PlainDateTime.from(iso).toZonedDateTime(zone).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function zoned(zone: string, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than a whole simulated run. */
function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const [short, two] = ['short', '2-digit'] as const;
  const time = { hour: two, minute: two, second: two, hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: short,
    year: 'numeric',
    month: two,
    day: two,
    ...time,
  });
  formats.set(timeZone, format);
  return format;
}
