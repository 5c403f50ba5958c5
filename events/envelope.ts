import { z } from 'zod';

/** The characters of every id a producer chooses. `@` is not among them, so that an address can never be an id. */
export const idPattern = /^[A-Za-z0-9_.:-]{1,128}$/;

const id = (field: string) =>
  z.string({ error: `${field} must be a string of 1 to 128 characters` }).regex(idPattern, {
    error: `${field} must be 1 to 128 characters of A-Z a-z 0-9 _ . : - (an address is never an id)`,
  });

/** 2001-09-09 in milliseconds; the same digits read as seconds are far in the future, so seconds never pass. */
const earliest = 1_000_000_000_000;
/** Year 5138 in milliseconds; microseconds are larger than this. */
const latest = 100_000_000_000_000;

/** A point in time as producers write it: an integer, Unix milliseconds. */
export const unixMs = z
  .int({ error: 'must be an integer: Unix time in milliseconds' })
  .min(earliest, { error: 'is too small for Unix milliseconds: is it in seconds?' })
  .max(latest, { error: 'is too large for Unix milliseconds: is it in microseconds?' });

/** Facts beside the event. Everything but strings is dropped. */
const metadata = z
  .record(z.string(), z.unknown())
  .transform((fields) =>
    Object.fromEntries(
      Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === 'string'),
    ),
  );

/** What every event has, whatever its type. Unknown fields are dropped, never a reason to refuse. */
export const envelope = z.object({
  event_id: id('event_id'),
  event_type: z.string({ error: 'event_type must be a string such as user.signed_up' }),
  user_id: id('user_id'),
  timestamp: unixMs,
  payload: z.record(z.string(), z.unknown(), { error: 'payload must be an object' }),
  metadata: metadata.optional().catch(undefined),
});
