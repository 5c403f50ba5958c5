import { domainToASCII } from 'node:url';

import { z } from 'zod';

import { unixMs } from './envelope.ts';

/**
 * An address that SES can mail: ASCII before the @ (SES has no SMTPUTF8), the domain in punycode.
 * The local part keeps its case; only the lookup key of an address is lower-cased.
 */
export const emailAddress = z
  .string()
  .max(400, { error: 'must be an address such as ada@example.com', abort: true })
  .transform((text) => {
    const trimmed = text.trim();
    const at = trimmed.lastIndexOf('@');
    return at < 1 ? trimmed : `${trimmed.slice(0, at)}@${domainToASCII(trimmed.slice(at + 1))}`;
  })
  .pipe(z.email({ error: 'must be an address such as ada@example.com' }).max(254));

/** Lengths are looked at before anything else reads a text. */
const atMost = (characters: number) => z.string().max(characters, { abort: true });

const locale = atMost(64).refine(isLocale, { error: 'must be a BCP 47 locale such as pt-BR' });
const timeZone = atMost(64).refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' });
const country = z
  .string()
  .regex(/^[A-Za-z]{2}$/, { error: 'must be an ISO 3166 country of two letters such as DE' })
  .transform((code) => code.toUpperCase());

/** No line breaks and no other control characters: a name ends up in headers and subjects. */
const personName = atMost(200)
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'must not hold control characters' });

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

/** What the person agreed to. Unknown topics are recorded, never refused. */
export const consent = z.object({
  topics: z.array(z.string().min(1).max(128)).max(100).default([]).meta({ class: 'public' }),
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

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

function isTimeZone(text: string): boolean {
  try {
    // An offset such as +02:00 is accepted by newer ICUs, yet it knows no daylight saving: names only.
    return !/^[+-]/.test(text) && new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
