import { z } from 'zod';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const day = 24 * 60;
const week = 7 * day;

const time = z
  .string({ error: 'must be a time in quotes such as "09:00"' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time from "00:00" to "23:59"', abort: true });
const end = z.string({ error: 'must be a time in quotes such as "17:00"' }).regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, {
  error: 'must be a time from "00:00" to "23:59", or "24:00" for the end of the day',
  abort: true,
});

const quietHours = z
  .strictObject({
    from: time.describe('When marketing mail stops, in the local time of the person, such as "21:00".'),
    to: end.describe('When it may go on, such as "08:00". Earlier than `from`: on the next day.'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must be another time than `from`', abort: true })
  .refine(({ from, to }) => from !== '00:00' || to !== '24:00', {
    path: ['to'],
    error: 'must leave some time of the day: no mail would ever leave',
    abort: true,
  });

const sendWindow = z
  .strictObject({
    days: z
      .array(z.enum(weekdays))
      .min(1, { error: 'must name at least one day, or be left out', abort: true })
      .optional()
      .describe('The only days on which marketing mail leaves, from `mon` to `sun`. Left out: every day.'),
    from: time.optional().describe('The earliest local time on such a day. Left out: from its start.'),
    to: end
      .optional()
      .describe(
        'The first local time at which it is too late. Earlier than `from`: on the next day. Left out: "24:00".',
      ),
  })
  .refine(({ days, from, to }) => days !== undefined || from !== undefined || to !== undefined, {
    error: 'must say at least one of days, from, to',
  })
  .refine(({ from = '00:00', to = '24:00' }) => from !== to, {
    path: ['to'],
    error: 'must be another time than `from`, which is "00:00" when left out',
  });

/** For the schemas of topics and journeys: when marketing mail may leave, by the clock of the person who gets it. */
export const sendingTimes = { quiet_hours: quietHours.optional(), send_window: sendWindow.optional() };

export type SendingTimes = z.output<z.ZodObject<typeof sendingTimes>>;

/** The sections of the configuration that say sending times. */
export interface SectionsWithTimes {
  journeys: Readonly<Record<string, SendingTimes>>;
  topics: Readonly<Record<string, SendingTimes>>;
}

/** For `refine`: the two together have to leave a minute in the week. */
export const opensSometimes: [(times: SendingTimes) => boolean, { path: string[]; error: string }] = [
  (times) => minutesUntilOpen([times], 0) !== undefined,
  { path: ['send_window'], error: 'lies within quiet_hours: no mail would ever leave' },
];

/** What a marketing mail of this journey about this topic has to keep to; empty when it may leave at any hour. */
export function sendingTimesOf(
  { journeys, topics }: SectionsWithTimes,
  journey: string | undefined,
  topic: string | undefined,
): SendingTimes[] {
  return [journeys[journey ?? ''], topics[topic ?? '']].filter(
    (times): times is SendingTimes => times?.quiet_hours !== undefined || times?.send_window !== undefined,
  );
}

/**
 * How many minutes after this one every one of `times` lets a mail leave: 0 when it may leave now, undefined when there is
 * no such minute. Minute 0 is Monday 00:00, on the wall.
 */
export function minutesUntilOpen(times: readonly SendingTimes[], minuteOfWeek: number): number | undefined {
  const rules = times.flatMap(rulesOf);
  for (let wait = 0; wait < week; wait++) {
    if (rules.every((allows) => allows((minuteOfWeek + wait) % week))) return wait;
  }
  return undefined;
}

/** Whether a minute of the week is allowed. */
type Rule = (minuteOfWeek: number) => boolean;

function rulesOf({ quiet_hours: quiet, send_window: window }: SendingTimes): Rule[] {
  const rules: Rule[] = [];
  if (quiet) {
    const within = span(quiet.from, quiet.to);
    rules.push((minute) => within(minute) === undefined);
  }
  if (window) {
    const within = span(window.from ?? '00:00', window.to ?? '24:00');
    const days = new Set((window.days ?? weekdays).map((name) => weekdays.indexOf(name)));
    rules.push((minute) => days.has(within(minute) ?? -1));
  }
  return rules;
}

/**
 * Tells for a minute of the week on which day (0 is Monday) the daily span began that it lies in, if it lies in one. The
 * hours after midnight belong to the evening before: `days: [fri], from: "18:00", to: "02:00"` ends on Saturday.
 */
function span(from: string, to: string): (minuteOfWeek: number) => number | undefined {
  const [start, end] = [minutes(from), minutes(to)];
  const length = (end - start + day) % day || day;
  return (minuteOfWeek) => {
    const sinceStart = (minuteOfWeek - start + week) % week;
    return sinceStart % day < length ? Math.floor(sinceStart / day) : undefined;
  };
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}
