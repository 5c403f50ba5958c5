import { z } from 'zod';

import { duration } from './duration.ts';
import { opensSometimes, sendingTimes } from './sending-times.ts';

const forms = [z.iso.date(), z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })];

/** A date is its midnight in UTC; a date with a time has to say its zone, or it would be another instant on each server. */
const instant = z
  .string({ error: 'must be a date in quotes such as "2026-12-01"' })
  .refine((text) => forms.some((form) => form.safeParse(text).success), {
    error: 'must be a date such as "2026-12-01", or a time with its zone such as "2026-12-01T09:00:00+01:00"',
    abort: true,
  })
  .transform((text) => Date.parse(text));

const schedule = z
  .strictObject({
    from: instant
      .optional()
      .describe(
        'Since when people may enter: a date, which begins at midnight UTC, or an ISO 8601 time with its zone. What counts is when the event is taken in.',
      ),
    until: instant.optional().describe('From when on nobody enters any more; who is in goes on.'),
  })
  .refine(({ from, until }) => from !== undefined || until !== undefined, { error: 'must say from, until, or both' })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    path: ['until'],
    error: 'must be later than `from`: nobody could ever enter',
  });

/**
 * The longest period that can be counted for each value of a field. Beyond it, entries would have to be kept as long as the person,
 * and a person has any number of carts.
 */
export const longestPeriodPerValueMs = 400 * 86_400_000;

const reEntry = z
  .preprocess(
    (said) => (typeof said === 'string' ? { allow: said } : said),
    z
      .strictObject(
        {
          allow: z
            .enum(['always', 'once', 'one_running'], { error: 'must be always, once or one_running' })
            .describe(
              '`always`: every event starts a run. `once`: a person enters once. `one_running`: not while a run of theirs goes on.',
            ),
          every: duration
            .refine((ms) => ms > 0, { error: 'must be longer than nothing' })
            .optional()
            .describe('With `once`: once in so long, by the times of the events.'),
          per: z
            .string()
            .optional()
            .describe(
              "A field of the event's payload, such as `cart_id`: counted for each of its values rather than for the person. Kept for 400 days.",
            ),
        },
        {
          error: ({ code }) =>
            code === 'invalid_type' ? 'must be always, once, one_running, or an object with `allow`' : undefined,
        },
      )
      .refine(({ allow, every }) => every === undefined || allow === 'once', {
        path: ['every'],
        error: 'goes with `allow: once` only',
      })
      .refine(({ allow, per }) => per === undefined || allow !== 'always', {
        path: ['per'],
        error: 'goes with `allow: once` or `allow: one_running` only',
      })
      .refine(({ every = 0, per }) => per === undefined || every <= longestPeriodPerValueMs, {
        path: ['every'],
        error: 'must be at most "400d" with `per`: entries for each value of a field are kept that long',
      }),
  )
  .prefault('always')
  .describe('Who may enter again: one of the words of `allow`, or these keys. Counted from when it is set.');

const journey = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Off: nobody enters; who is in goes on.'),
    when: z
      .string()
      .optional()
      .describe(
        'Who enters: a CEL expression over `event` (`type`, `timestamp`, `payload`, `metadata`), `person` (`locale`, `time_zone`, `country`, `plan`) and `now`, when the event is taken in. Left out: everybody.',
      ),
    rollout: z
      .number()
      .min(0, { error: 'must be a percentage from 0 to 100' })
      .max(100, { error: 'must be a percentage from 0 to 100' })
      .default(100)
      .describe(
        'The percentage of people who enter. The same person is always in or out; raising it keeps who was in.',
      ),
    max_event_age: duration
      .refine((ms) => ms > 0, { error: 'must be longer than nothing' })
      .optional()
      .describe(
        'Whose event happened longer ago, by its `timestamp`, does not enter: events that are filled in later start nothing by accident. Left out: any age.',
      ),
    re_entry: reEntry,
    schedule: schedule.optional(),
    ...sendingTimes,
  })
  .refine(...opensSometimes);

/** Who enters which journey, and when its mails leave. That the journeys and the fields exist is for ingress to check. */
export const journeys = z
  .record(z.string(), journey)
  .default({})
  .describe('Who enters which journey. A change takes effect within seconds; no restart is needed.');

export type JourneySettings = z.output<typeof journey>;
