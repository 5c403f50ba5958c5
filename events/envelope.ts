import { z } from 'zod';

/** The characters of an id that a producer chooses for an event or a thing. */
export const idPattern = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Those of a producer's id of a person: all that can be seen, such as `auth0|5f7c` and `gid://shop/1`, but no @: an address is never an id. */
export const userIdPattern = /^(?!.*%40)[\x21-\x3f\x41-\x7e]{1,128}$/;

/** 2001-09-09 in milliseconds; the same digits read as seconds are far in the future, so seconds never pass. */
const earliest = 1_000_000_000_000;
/** Year 5138 in milliseconds; microseconds are larger than this. */
const latest = 100_000_000_000_000;

/**
 * A point in time as producers write it: Unix milliseconds. A fraction is cut off. What `.meta()` adds here and elsewhere is for the
 * exported schemas (`rivulet events export`), which cannot see into a transform: the one plain way to write the value.
 */
export const unixMs = z
  .number({ error: 'must be a number: Unix time in milliseconds' })
  .transform(Math.trunc)
  .pipe(
    z
      .number()
      .min(earliest, { error: 'is too small for Unix milliseconds: is it in seconds?' })
      .max(latest, { error: 'is too large for Unix milliseconds: is it in microseconds?' }),
  )
  .meta({ type: 'integer', minimum: earliest, maximum: latest });

/** Facts beside the event. A number counts as its text; everything else but strings is dropped. */
const metadata = z
  .record(z.string(), z.unknown())
  .transform((fields) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
        .map(([name, value]) => [name, String(value)]),
    ),
  )
  .meta({
    additionalProperties: { type: 'string' },
    description: 'Facts beside the event, as text. `source` and `region` name systems, in a single word each.',
    examples: [{ source: 'web' }],
  });

/** What every event has, whatever its type. Unknown fields are dropped, never a reason to refuse. */
export const envelope = z.object({
  event_id: z
    .string({ error: 'event_id must be a string of 1 to 128 characters' })
    .regex(idPattern, {
      error: 'event_id must be 1 to 128 characters of A-Z a-z 0-9 _ . : - (an address is never an id)',
    })
    .meta({
      description:
        'The idempotency key: the same id twice is one event. Derive it from your own record and put the name of your system before it, such as shop-order-17: a retry then has the same id, and no other system uses it.',
      examples: ['shop-order-17'],
    }),
  event_type: z.string({ error: 'event_type must be a string such as user.signed_up' }),
  user_id: z
    .string({ error: 'user_id must be a string of 1 to 128 characters' })
    .regex(userIdPattern, {
      error:
        'user_id must be 1 to 128 visible ASCII characters without spaces and without @ (an address is never an id)',
    })
    .meta({
      // The same without a lookahead, which the regular expressions of Go and Rust do not have.
      pattern: '^[\\x21-\\x3f\\x41-\\x7e]{1,128}$',
      not: { pattern: '%40' },
      description: 'Your own id of the person: visible ASCII characters without spaces. Never an address.',
      examples: ['u_42'],
    }),
  timestamp: unixMs.meta({
    description: 'When it happened: Unix time in milliseconds.',
    examples: [1_780_000_000_000],
  }),
  payload: z.record(z.string(), z.unknown(), { error: 'payload must be an object' }),
  metadata: metadata.optional().catch(undefined),
});
