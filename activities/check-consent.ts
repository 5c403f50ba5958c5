import type { Contact } from '../events/person.ts';
import type { Memory } from '../state/memory.ts';
import type { Template } from '../templates/catalogue.ts';

/** Why a mail does not go out although nothing failed. Journeys see it as the result of their send. */
export type Undeliverable = 'no_address' | 'no_consent' | 'suppressed';

export type Standing = { may: true; contact: Contact & { email: string } } | { may: false; why: Undeliverable };

/** Whether this person may get this template now. Reads only; throws when Redis is away, and nothing is sent then. */
export async function checkStanding(
  memory: Pick<Memory, 'contacts' | 'consents' | 'suppressions'>,
  template: Template,
  userId: string,
  consentNeeded: boolean,
): Promise<Standing> {
  const contact = await memory.contacts.find(userId);
  const { email } = contact;
  if (!email) return { may: false, why: 'no_address' };
  if (await memory.suppressions.reasonFor(email)) return { may: false, why: 'suppressed' };
  if (template.class === 'marketing' && template.topic) {
    const consent = await memory.consents.stateOf(userId, template.topic);
    if (consent === 'revoked' || (consent === 'none' && consentNeeded)) return { may: false, why: 'no_consent' };
  }
  return { may: true, contact: { ...contact, email } };
}
