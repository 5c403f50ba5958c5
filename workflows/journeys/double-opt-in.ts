import type { Event } from '../../events/index.ts';
import { listenFor } from '../lib/listen-for.ts';
import { isUndeliverable, sendEmail, type Undeliverable } from '../lib/send-email.ts';

/** Asks somebody who wants our mails to confirm that the address is theirs. Ends when they do, or when a week has passed. */
export async function doubleOptIn(
  request: Event<'consent.requested'>,
): Promise<'confirmed' | 'unconfirmed' | Undeliverable> {
  const consent = listenFor('consent.granted', ({ payload }) => payload.request === request.event_id);

  const asked = await sendEmail('confirm-subscription', request);
  if (isUndeliverable(asked)) return asked;

  return (await consent.within('7 days')) ? 'confirmed' : 'unconfirmed';
}
