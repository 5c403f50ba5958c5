import type { ConsentModel } from '../config/consent-model.ts';
import type { Contact } from '../events/person.ts';
import { type ConsentState, inForce } from '../state/consents.ts';
import type { Sight } from '../state/departures.ts';
import type { Memory } from '../state/memory.ts';
import { reasonAgainst } from '../state/suppressions.ts';
import type { Template } from '../templates/catalogue.ts';

/** Why a mail does not go out although nothing failed. Journeys see it as the result of their send. */
export type Undeliverable = 'no_address' | 'no_consent' | 'suppressed';

export type Standing = { may: true; contact: Contact & { email: string } } | { may: false; why: Undeliverable };

/** Whether this person may get this template now. Reads only; throws when Redis is away, and nothing is sent then. */
export async function checkStanding(
  memory: Pick<Memory, 'contacts' | 'consents' | 'suppressions' | 'addressHash'>,
  template: Template,
  userId: string,
  consentModel: (country: string | undefined) => ConsentModel,
): Promise<Standing> {
  const contact = await memory.contacts.find(userId);
  const { email } = contact;
  if (!email) return { may: false, why: 'no_address' };
  const suppressed = await memory.suppressions.reasonFor(memory.addressHash(email), template.class);
  if (suppressed) return { may: false, why: 'suppressed' };
  if (template.class === 'marketing' && template.topic) {
    const consent = await memory.consents.stateOf(userId, template.topic);
    if (!agrees(consent, consentModel(contact.country))) return { may: false, why: 'no_consent' };
  }
  return { may: true, contact: { ...contact, email } };
}

/** The same, from what has been looked up already. */
export function standingOf(
  { contact, suppressions, consent: { about, all } }: Pick<Sight, 'contact' | 'suppressions' | 'consent'>,
  template: Template,
  consentModel: (country: string | undefined) => ConsentModel,
): Standing {
  const { email } = contact;
  if (!email) return { may: false, why: 'no_address' };
  if (reasonAgainst(suppressions, template.class)) return { may: false, why: 'suppressed' };
  if (template.class === 'marketing' && template.topic) {
    if (!agrees(inForce(about, all), consentModel(contact.country))) return { may: false, why: 'no_consent' };
  }
  return { may: true, contact: { ...contact, email } };
}

function agrees(consent: ConsentState | 'none', model: ConsentModel): boolean {
  return consent === 'granted' || (consent === 'none' && model === 'opt_out');
}
