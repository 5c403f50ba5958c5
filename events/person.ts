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
).meta({
  maxLength: 254,
  pattern:
    "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
  not: { pattern: '^[^@]{65}' },
  description: 'A plain address, ASCII before the @; write an internationalised domain as punycode.',
  examples: ['ada@example.com'],
});

const locale = understood(64, localeOf, 'must be a BCP 47 locale such as pt-BR').meta({
  pattern: '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$',
  description: 'BCP 47: a language, and a script and a region where they matter.',
});
const timeZone = understood(64, timeZoneOf, 'must be an IANA time zone such as Europe/Berlin').meta({
  pattern: '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$',
  description: 'IANA name. A zone that does not exist is dropped.',
  examples: ['Europe/London'],
});
const country = understood(100, countryCode, 'must be an ISO 3166 country such as DE').meta({
  pattern: '^[A-Z]{2}$',
  description: 'ISO 3166-1 alpha-2. A code that does not exist is dropped.',
  examples: ['GB'],
});

/** No line breaks and no other control characters: a name ends up in headers and subjects. */
const personName = z
  .string()
  .max(200, { abort: true })
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'must not hold control characters', abort: true })
  .superRefine((name, context) => {
    const message = objectionToName(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ examples: ['Ada'], description: 'A name, without links, addresses, phone numbers and advertising.' });

/**
 * Who the person is. Ingress stores it, and no event takes it into Temporal. Language, zone and country are codes of closed
 * lists: journeys branch on them (`person()`), and only in that form do they enter a history.
 */
export const contact = z.object({
  email: emailAddress.meta({ class: 'personal' }).optional(),
  name: personName.meta({ class: 'personal' }).optional(),
  locale: locale.meta({ class: 'public', examples: ['en-GB'] }).optional(),
  time_zone: timeZone.meta({ class: 'public' }).optional(),
  country: country.meta({ class: 'public' }).optional(),
});

/**
 * The names in what was written for a list of topics: one name, names with separators between them, also within a list, a list as JSON
 * text, and PHP's object with numbers for a list with gaps. An opt-out must not depend on a bracket.
 */
function listOfNames(value: unknown, depth = 0): unknown {
  if (depth > 2) return value;
  if (typeof value === 'string') return (listInJson(value) ?? value).toString().split(/[,;|\n\r\t]/);
  if (Array.isArray(value))
    return value.length > mostNames ? value : value.flatMap((each: unknown) => listOfNames(each, depth + 1));
  const isGapped = typeof value === 'object' && value !== null && Object.keys(value).every((key) => /^\d+$/.test(key));
  return isGapped ? listOfNames(Object.values(value), depth + 1) : value;
}

const mostNames = 5_000;

function listInJson(text: string): string[] | undefined {
  if (!/^\s*\[.*\]\s*$/s.test(text)) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((each) => typeof each === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

const topicNames = z
  .preprocess(
    (value) => {
      const names = listOfNames(value);
      return Array.isArray(names)
        ? names.filter((name: unknown) => typeof name !== 'string' || name.trim() !== '')
        : names;
    },
    z.array(z.string().trim().min(1).max(128).meta({ pattern: '\\S' })).max(mostNames),
  )
  .meta({ description: 'Names of topics, as rivulet.yaml has them.', examples: [['onboarding']] });

/** What the person agreed to. Unknown topics are recorded, never refused. */
export const consent = z.object({
  topics: topicNames.default([]).meta({ class: 'public' }),
  source: z
    .string()
    .max(1000)
    .meta({ class: 'public', description: 'Where the person agreed.', examples: ['sign-up form'] })
    .optional(),
  wording: z
    .string()
    .max(10_000)
    .meta({ class: 'public', description: 'What the person agreed to, as it was shown.' })
    .optional(),
  captured_at: unixMs
    .meta({
      class: 'public',
      description: 'When the person agreed: Unix time in milliseconds. Without it, the time of the event.',
      examples: [1_780_000_000_000],
    })
    .optional(),
  basis: z
    .enum(['consent', 'soft_opt_in', 'contract', 'legitimate_interest'])
    .meta({ class: 'public', description: 'What the law calls the ground for emailing the person.' })
    .optional(),
  actor: z
    .string()
    .max(128)
    .meta({
      class: 'public',
      description: 'Who entered it, if that was not the person: a user id of yours, never an address.',
    })
    .optional(),
  locale: locale.meta({ class: 'personal' }).optional(),
  ip: z
    .string()
    .max(64)
    .meta({ class: 'personal', description: 'The address that the person agreed from.' })
    .optional(),
  user_agent: z.string().max(1000).meta({ class: 'personal' }).optional(),
  confirmed_at: unixMs
    .meta({ class: 'public', description: 'When the person confirmed the address: Unix time in milliseconds.' })
    .optional(),
  evidence: z
    .string()
    .max(1000)
    .meta({ class: 'personal', description: 'Where proof can be found, such as the id of a form submission.' })
    .optional(),
});

export type Contact = z.output<typeof contact>;
export type ConsentBlock = z.output<typeof consent>;
