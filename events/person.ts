import { z } from 'zod';

import { readMailbox } from './address.ts';
import { countryCode } from './country.ts';
import { objectionToName } from './display-name.ts';
import { unixMs } from './envelope.ts';
import { localeOf } from './locale.ts';
import { timeZoneOf } from './time-zone.ts';

/** A text of at most so many characters that `read` understands, as it spells it: lengths are looked at before anything else reads a text. */
function understood(characters: number, read: (text: string) => string | undefined, error: string) {
  return z
    .string({ error })
    .max(characters, { error, abort: true })
    .transform((text, context) => {
      const value = read(text);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', message: error, input: text });
      return z.NEVER;
    });
}

/**
 * An address that SES can mail: ASCII before the @ (SES has no SMTPUTF8), the domain in punycode. `Ada <ada@example.com>` is its
 * address. The local part keeps its case; only the lookup key of an address is lower-cased.
 */
export const emailAddress = understood(
  1_000,
  (text) => readMailbox(text)?.address,
  'must be an address such as ada@example.com',
);

const locale = understood(64, localeOf, 'must be a BCP 47 locale such as pt-BR');
const timeZone = understood(64, timeZoneOf, 'must be an IANA time zone such as Europe/Berlin');
const country = understood(100, countryCode, 'must be an ISO 3166 country such as DE');

/** No line breaks and no other control characters: a name ends up in headers and subjects. */
const personName = z
  .string()
  .max(200, { abort: true })
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'must not hold control characters', abort: true })
  .superRefine((name, context) => {
    const message = objectionToName(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/**
 * Who the person is. Ingress stores it, and no event takes it into Temporal. Language, zone and country are codes of closed
 * lists: journeys branch on them (`person()`), and only in that form do they enter a history.
 */
export const contact = z.object({
  email: emailAddress.meta({ class: 'personal' }).optional(),
  name: personName.meta({ class: 'personal' }).optional(),
  locale: locale.meta({ class: 'public' }).optional(),
  time_zone: timeZone.meta({ class: 'public' }).optional(),
  country: country.meta({ class: 'public' }).optional(),
});

/** One name stands for a list of it, and names may be separated by commas: an opt-out must not depend on a bracket. */
const topicNames = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',') : value),
  z.array(z.string().trim().min(1).max(128)).max(5_000),
);

/** What the person agreed to. Unknown topics are recorded, never refused. */
export const consent = z.object({
  topics: topicNames.default([]).meta({ class: 'public' }),
  source: z.string().max(1000).meta({ class: 'public' }).optional(),
  wording: z.string().max(10_000).meta({ class: 'public' }).optional(),
  captured_at: unixMs.meta({ class: 'public' }).optional(),
  /** What the law calls the ground for mailing them. */
  basis: z.enum(['consent', 'soft_opt_in', 'contract', 'legitimate_interest']).meta({ class: 'public' }).optional(),
  /** Who entered it, when that was not the person: a user id of yours, never an address. */
  actor: z.string().max(128).meta({ class: 'public' }).optional(),
  locale: locale.meta({ class: 'personal' }).optional(),
  ip: z.string().max(64).meta({ class: 'personal' }).optional(),
  user_agent: z.string().max(1000).meta({ class: 'personal' }).optional(),
  confirmed_at: unixMs.meta({ class: 'public' }).optional(),
  /** Where proof can be found, such as the id of a form submission. */
  evidence: z.string().max(1000).meta({ class: 'personal' }).optional(),
});

export type Contact = z.output<typeof contact>;
export type ConsentBlock = z.output<typeof consent>;
