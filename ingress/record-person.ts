import type { Event, EventType } from '../events/index.ts';
import type { ParsedEvent } from '../events/parse.ts';
import type { ConsentState, ConsentStatement } from '../store/consents.ts';
import type { Store } from '../store/store.ts';
import { takeOverOptOuts } from '../store/address-opt-outs.ts';
import { everybodyAt } from './people-at.ts';

/**
 * Records who an event is about and what they agreed to. Before any journey gets the event: it looks them up. `receivedAt`: when the
 * stream got it, Unix ms. Times that others say are claims: nobody can have said something later than it arrived. An opt-out is
 * recorded for everybody who has the address, and for whoever gets it later.
 */
export async function recordPerson(
  store: Pick<Store, 'contacts' | 'consents' | 'addressHash' | 'addressHashes'>,
  { event, contact, consent, optOutAt }: Pick<ParsedEvent, 'event' | 'contact' | 'consent' | 'optOutAt'>,
  receivedAt: number,
): Promise<void> {
  const { contacts, consents, addressHash } = store;
  const { user_id: user, timestamp } = event;
  const at = Math.min(timestamp, receivedAt);
  if (contact?.email !== undefined) await takeOverOptOuts(store, user, contact.email, at);
  await contacts.record(user, { ...contact, ...planOf(event) }, at);
  if (!consent) return;
  // What it says was confirmed at the address that it names, which need not be the person's newest one.
  const email = optOutAt ?? contact?.email;
  const named = email === undefined ? {} : { address: addressHash(email) };
  const statement = { ...statementOf(event, consent, receivedAt), ...named };
  const whose = statement.state === 'revoked' ? await everybodyAt(contacts, user, named.address) : [user];
  for (const each of whose) await consents.record(each, statement);
}

/** The plan that an event names is of use to later journeys of the person too. */
function planOf({ payload }: Event): { plan?: string } {
  return 'plan' in payload && payload.plan !== undefined ? { plan: payload.plan } : {};
}

/**
 * A grant counts from the time that it claims, and at the latest from its arrival; an opt-out from its arrival, or from a later time
 * that it claims: whichever stops more. A block in an event about something else may be repeated for years by a producer that
 * copies it, so it undoes an opt-out only if it says by itself when it was captured.
 */
function statementOf(
  { event_id: id, event_type, timestamp }: Event,
  consent: NonNullable<ParsedEvent['consent']>,
  receivedAt: number,
): ConsentStatement {
  const state = stateOf(event_type);
  const { captured_at: claimed = timestamp } = consent;
  const at = state === 'revoked' ? Math.max(claimed, receivedAt) : Math.min(claimed, receivedAt);
  const incidental = !event_type.startsWith('consent.') && consent.captured_at === undefined;
  return { id, state, consent: { ...consent, captured_at: at }, at, incidental };
}

/** What a consent block means in an event of this type. */
function stateOf(type: EventType): ConsentState {
  if (type === 'consent.revoked') return 'revoked';
  return type === 'consent.requested' ? 'pending' : 'granted';
}
