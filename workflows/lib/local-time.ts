import { sleep } from '@temporalio/workflow';

import type { Zone } from '../../events/zone.ts';
import { note } from './story.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** An instant (Unix ms) that depends on where somebody is, and on when it is asked for. */
export type Moment = (zone: Zone, now: number) => number;

/** The next time that a clock on their wall shows this, such as `09:00`; today, if that is yet to come. */
export function next(time: string): Moment {
  return (zone, now) => firstAfter(zone, now, time, () => true);
}

/** The same on a Monday to Friday. */
export function nextWeekday(time: string): Moment {
  return (zone, now) => firstAfter(zone, now, time, (day) => dayOfWeek(day) >= 1 && dayOfWeek(day) <= 5);
}

/** This time on the day so many days before (or after) the day of `date` (Unix ms) where they are. It may lie in the past. */
export function daysBefore(date: number, days: number, time: string): Moment {
  return (zone) => instantOf(zone, dayAt(zone, date) - days, time);
}

export function daysAfter(date: number, days: number, time: string): Moment {
  return daysBefore(date, -days, time);
}

/** This very instant (Unix ms), wherever they are. */
export function at(date: number): Moment {
  return () => date;
}

/** Whether it has come already where they are. */
export function isPast(when: Moment, { zone }: { zone: Zone }): boolean {
  const now = Date.now();
  return when(zone, now) <= now;
}

/** `09:00` is the next time that it is nine. */
export function momentOf(when: string | Moment): Moment {
  return typeof when === 'string' ? next(when) : when;
}

/**
 * Waits until then, where they are. What lies in the past is waited for no longer than a moment.
 *
 *     await sleepUntil('09:00', ada);
 *     await sleepUntil(nextWeekday('09:00'), ada);
 *     await sleepUntil(daysBefore(trial.payload.trial_ends_at, 3, '09:00'), ada);
 */
export async function sleepUntil(when: string | Moment, { zone }: { zone: Zone }): Promise<void> {
  const now = Date.now();
  const then = momentOf(when)(zone, now);
  const summary = `wait until ${wallClock(zone, then)} local time`;
  note(summary);
  // Always a timer, however near: whether there is one must not depend on a clock, or a replay would differ.
  await sleep(Math.max(1, then - now), { summary });
}

/** What a clock on their wall shows at this instant, such as `2026-11-24 09:00`. */
export function wallClock(zone: Zone, at: number): string {
  return new Date(at + offsetAt(zone, at)).toISOString().slice(0, 16).replace('T', ' ');
}

function firstAfter(zone: Zone, now: number, time: string, isMeant: (day: number) => boolean): number {
  for (let day = dayAt(zone, now); ; day += 1) {
    const at = instantOf(zone, day, time);
    if (at > now && isMeant(day)) return at;
  }
}

/** Days since 1970 on their calendar. */
function dayAt(zone: Zone, at: number): number {
  return Math.floor((at + offsetAt(zone, at)) / dayMs);
}

/** 0 is Sunday. The first of January 1970 was a Thursday. */
function dayOfWeek(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/**
 * When their clock shows this on that day. Where it never does (the hour that is skipped in spring) as much later as was
 * skipped; where it does twice (the hour that comes again in autumn) the first time.
 */
function instantOf(zone: Zone, day: number, time: string): number {
  const local = day * dayMs + minuteOfDay(time) * minuteMs;
  const [before, after] = [-dayMs, dayMs].map((by) => local - offsetAt(zone, local + by)) as [number, number];
  const real = [before, after].filter((at) => at + offsetAt(zone, at) === local);
  return real.length > 0 ? Math.min(...real) : before;
}

function offsetAt(zone: Zone, at: number): number {
  const known = withinTable(zone, at);
  return (zone.findLast(([from]) => from <= known) ?? zone[0])?.[1] ?? 0;
}

/** A table holds two years; four days less, since weeks are no years. */
const tableDays = 726;
const daysOfYear = 365.2425;

/**
 * The instant itself, or one whose offset the table knows: at the same time of the year, in the last year that it holds.
 * Clocks are changed on a day of the week, so it is whole weeks before: right, but for a week around a change.
 */
function withinTable([[from] = [0, 0]]: Zone, at: number): number {
  const beyond = at - from - tableDays * dayMs;
  if (beyond <= 0) return at;
  const years = Math.ceil(beyond / (daysOfYear * dayMs));
  return at - Math.round((years * daysOfYear) / 7) * 7 * dayMs;
}

function minuteOfDay(time: string): number {
  const [, hours = '', minutes = ''] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hours === '') throw new Error(`"${time}" is no time of day; write it as "09:00"`);
  return Number(hours) * 60 + Number(minutes);
}
