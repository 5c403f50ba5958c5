// Always this implementation, never the platform's own where there is one: see zone-table.ts.
import { Temporal } from 'temporal-polyfill/implementation';

import { minutesUntilOpen, type SendingTimes } from '../config/sending-times.ts';
import type { Contact } from '../events/person.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Send } from './send.ts';
import { later } from './wait-for-turn.ts';

const minuteMs = 60_000;

/**
 * When a mail may leave that must not leave at this hour (Unix ms); undefined when it may leave now. Asked anew by every
 * attempt, so that neither a long queue nor a changed configuration carries a mail into somebody's night. `known`: the
 * contact, where somebody has looked it up already.
 */
export async function closedUntil(
  deps: ActivityDependencies,
  send: Send,
  journey: string | undefined,
  known?: Pick<Contact, 'time_zone'>,
): Promise<number | undefined> {
  const { name, class: kind, topic } = send.template;
  const times = kind === 'marketing' ? deps.settings.sendingTimes(journey, topic) : [];
  if (times.length === 0) return undefined; // before anybody is looked up: most mails have no hours
  const { time_zone } = known ?? (await deps.memory.contacts.find(send.user));
  const now = Date.now();
  const opens = opensAt(times, time_zone, now);
  if (opens !== undefined) return opens > now ? opens : undefined;

  deps.log.error({ message_key: send.key, template: name, journey, topic }, 'its sending times leave no time at all');
  const why = `the sending times of journey "${journey}" and topic "${topic}" have no minute in common; change rivulet.yaml`;
  throw await later(deps, send, deps.settings.probeEveryMs, 'Paused', why);
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
