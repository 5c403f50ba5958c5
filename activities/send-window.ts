// Always this implementation, never the platform's own where there is one: see zone-table.ts.
import { Temporal } from 'temporal-polyfill/implementation';

import { minutesUntilOpen, type SendingTimes } from '../config/sending-times.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Send } from './send.ts';
import { park } from './park.ts';

const minuteMs = 60_000;

/** Whether an email may be sent at this hour; if not, from when on (Unix ms). */
export type Window = { open: true } | { open: false; until: number };

/**
 * Whether a marketing email may be sent at this hour where the person is. Asked by every attempt, so that neither a long queue
 * nor a changed configuration carries an email into somebody's night.
 */
export async function sendWindow(
  deps: ActivityDependencies,
  send: Send,
  timeZone: string | undefined,
): Promise<Window> {
  const { class: kind, topic, journey } = send;
  const times = kind === 'marketing' ? deps.settings.sendingTimes(journey, topic) : [];
  if (times.length === 0) return { open: true };
  const now = deps.now();
  const opens = opensAt(times, timeZone, now);
  if (opens !== undefined) return opens > now ? { open: false, until: opens } : { open: true };

  deps.log.error({ message_key: send.messageKey, journey, topic }, 'email.never_an_hour');
  const why = `the sending times of journey "${journey}" and topic "${topic}" have no minute in common; change rivulet.yaml`;
  throw await park(deps, send, deps.settings.probeEveryMs, 'NeverAnHour', why);
}

/**
 * The first instant from `now` on (Unix ms) at which every one of `times` lets a mail leave, by the wall clock of this
 * time zone: `now` itself when they do. Undefined when they never do. A time zone that nobody knows counts as UTC.
 *
 * Between two changes of the clock the wall runs evenly, so the wait is counted in its minutes. Where the clock changes
 * before that wait is over, the question is asked anew from the change on: an opening time that is skipped opens at the
 * change, and one that comes twice opens at the first.
 */
export function opensAt(times: readonly SendingTimes[], timeZone: string | undefined, now: number): number | undefined {
  let clock = clockIn(timeZone, now);
  for (;;) {
    const wait = minutesUntilOpen(times, minuteOfWeek(clock));
    if (wait === undefined) return undefined;
    if (wait === 0) return clock.epochMilliseconds;
    const opens = clock.round({ smallestUnit: 'minute', roundingMode: 'floor' }).epochMilliseconds + wait * minuteMs;
    const change = clock.getTimeZoneTransition('next');
    if (!change || change.epochMilliseconds > opens) return opens;
    clock = change;
  }
}

function clockIn(timeZone: string | undefined, at: number): Temporal.ZonedDateTime {
  const instant = Temporal.Instant.fromEpochMilliseconds(at);
  try {
    return instant.toZonedDateTimeISO(timeZone ?? 'UTC');
  } catch (error) {
    if (error instanceof RangeError) return instant.toZonedDateTimeISO('UTC');
    throw error;
  }
}

function minuteOfWeek({ dayOfWeek, hour, minute }: Temporal.ZonedDateTime): number {
  return ((dayOfWeek - 1) * 24 + hour) * 60 + minute;
}
