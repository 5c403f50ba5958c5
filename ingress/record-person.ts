import type { Event, EventType } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { ConsentState } from '../store/consents.ts';
import type { Store } from '../store/store.ts';

/** Records who an event is about and what they agreed to. Before any journey gets the event: it looks them up. */
export async function recordPerson(
  { contacts, consents }: Pick<Store, 'contacts' | 'consents'>,
  { event, contact, consent }: Pick<ParsedEvent, 'event' | 'contact' | 'consent'>,
): Promise<void> {
  const { event_id: id, user_id: user, timestamp: at } = event;
  await contacts.record(user, { ...contact, ...planOf(event) }, at);
  if (consent) await consents.record(user, { id, state: stateOf(event.event_type), consent, at });
}

/** The plan that an event names is of use to later journeys of the person too. */
function planOf({ payload }: Event): { plan?: string } {
  return 'plan' in payload && payload.plan !== undefined ? { plan: payload.plan } : {};
}

/** What a consent block means in an event of this type. */
function stateOf(type: EventType): ConsentState {
  if (type === 'consent.revoked') return 'revoked';
  return type === 'consent.requested' ? 'pending' : 'granted';
}
