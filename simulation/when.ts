import { daysLater, instantOf } from './local-clock.ts';

const units = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

/**
 * The instant (Unix ms) that somebody means: `day 3` is three days after the start at the same time on the wall,
 * `day 3 14:30` at that time, `2 hours` after the start, `2026-12-24 18:00` then. Undefined when it is none of these.
 */
export function readWhen(text: string, zone: string, from: number): number | undefined {
  const [, days, time] = /^day (\d{1,5})(?:\s+((?:[01]\d|2[0-3]):[0-5]\d))?$/.exec(text) ?? [];
  if (days !== undefined) return daysLater(zone, from, Number(days), time);
  const ms = span(text);
  return ms === undefined ? instantOf(zone, text) : from + ms;
}

/** A duration in words, in milliseconds; undefined when it is none. */
export function span(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6}(?:\.\d+)?) (second|minute|hour|day|week)s?$/.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Math.round(Number(count) * units[unit as keyof typeof units]);
}
