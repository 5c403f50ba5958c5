import type { ConsentModel } from '../config/consent-model.ts';
import type { Contact } from '../events/person.ts';
import { inForce } from '../store/consents.ts';
import type { EmailIdentity, SendSnapshot } from '../store/sends.ts';
import { isUndoneBy, reasonAgainst } from '../store/suppressions.ts';
import type { Template } from '../templates/catalogue.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { waitFor } from './failures.ts';
import type { Send } from './send.ts';

/** Why an email is not sent although nothing failed. Journeys see it as the result of their send. */
export type Undeliverable = 'no_address' | 'no_consent' | 'suppressed';

export type Eligibility =
  | { may: true; contact: Contact & { email: string } }
  /** `recorded`: somebody said so. Otherwise nothing was ever recorded, which may only mean "not yet". */
  | { may: false; why: Undeliverable; recorded: boolean };

/** What decides about a person's eligibility, as of one instant. */
export type Person = Pick<SendSnapshot, 'contact' | 'suppressions' | 'consent'>;

/** Whether this person may get this template now. Pure. */
export function eligibility(
  { contact, suppressions, consent: { about, all } }: Person,
  template: Pick<Template, 'class' | 'topic'>,
  consentModel: (country: string | undefined) => ConsentModel,
): Eligibility {
  const { email } = contact;
  if (!email) return { may: false, why: 'no_address', recorded: false };
  // The look has left out those that have ended, by the store's clock.
  const standing = suppressions.filter((each) => !isUndoneBy(each, about));
  if (reasonAgainst(standing, template.class, -Infinity)) return { may: false, why: 'suppressed', recorded: true };
  if (template.class === 'marketing' && template.topic) {
    const consent = inForce(about, all);
    const agreed = consent === 'granted' || (consent === 'none' && consentModel(contact.country) === 'opt_out');
    if (!agreed) return { may: false, why: 'no_consent', recorded: consent !== 'none' };
  }
  return { may: true, contact: { ...contact, email } };
}

/** What a look has to be given to see a person, for no email in particular. */
export function personOnly({ class: kind, topic }: Pick<Template, 'class' | 'topic'>, user: string): EmailIdentity {
  const none = { tag: '', messageKey: '', eventId: '', template: '', templateVersion: '', askedAt: 0, stops: [] };
  return { ...none, user, topic, class: kind };
}

/** Until then an address or a consent that was never recorded counts as not known yet; after it, as one that there is not. */
const unknownForMs = 86_400_000;

const [soonestMs, hourMs] = [2_000, 3_600_000];

/**
 * The same for an email on its way. Who or what nobody has ever recorded is not known *yet*: the event that brings it may be
 * behind this one, in another ingress or in an outage. It is waited for, visibly, for a day.
 */
export function checkConsent(deps: ActivityDependencies, send: Send, person: Person): Eligibility {
  const eligible = eligibility(person, send.content, deps.settings.consentModel);
  if (eligible.may || eligible.recorded) return eligible;
  const { askedForMs } = send.attempt;
  if (askedForMs < unknownForMs) {
    const what = eligible.why === 'no_address' ? 'no address' : `no consent to ${send.topic}`;
    throw waitFor(
      untilAskedAgain(askedForMs),
      'NotKnownYet',
      `${what} has been recorded yet; it is waited for up to a day`,
    );
  }
  if (send.class === 'transactional')
    deps.log.error({ message_key: send.messageKey, reason: eligible.why }, 'email.not_sent');
  return eligible;
}

/** Seconds at first, growing to minutes; hourly for the rest of the day. */
export function untilAskedAgain(askedForMs: number): number {
  if (askedForMs >= hourMs) return Math.min(hourMs, unknownForMs - askedForMs);
  return Math.min(600_000, Math.max(soonestMs, askedForMs / 2));
}
