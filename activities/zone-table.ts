// Always this implementation, never the platform's own where there is one: both must know the same zones.
import { Temporal } from 'temporal-polyfill/implementation';

import type { Zone } from '../events/zone.ts';

/** Longer than any wait between two mails; the next mail's look at the person brings a fresh table. */
const years = 2;

/** Whether a time of day exists today, or exists twice, only the offset before the last change of the clocks says. */
const lookBackMs = 2 * 86_400_000;

/**
 * The table of an IANA time zone for the two years after this instant (Unix ms), and the two days before it. Throws a
 * RangeError when there is no such zone.
 */
export function zoneTable(name: string, now: number): Zone {
  const until = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO('UTC').add({ years }).epochMilliseconds;
  const from = now - lookBackMs;
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(name);
  const table: [number, number][] = [[from, at.offsetNanoseconds / 1e6]];
  for (;;) {
    const change = at.getTimeZoneTransition('next');
    if (!change || change.epochMilliseconds > until) return table;
    table.push([change.epochMilliseconds, change.offsetNanoseconds / 1e6]);
    at = change;
  }
}
