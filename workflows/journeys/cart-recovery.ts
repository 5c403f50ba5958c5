import type { Event } from '../../events/index.ts';
import { listenFor } from '../lib/listen-for.ts';
import { isUndeliverable, sendEmail, type Undeliverable } from '../lib/send-email.ts';

/** From this total on (major units, whatever the currency) somebody may have a question rather than a bad memory. */
const dear = 200;

const reminder = ['4 hours', 'cart-reminder'] as const;
const advice = ['2 days', 'cart-advice'] as const;

/** Reminds somebody of the cart they left, and offers advice where it is dear. Ends with the order of that very cart. */
export async function cartRecovery(cart: Event<'cart.abandoned'>): Promise<'recovered' | 'lost' | Undeliverable> {
  const { cart_id, total } = cart.payload;
  const order = listenFor('order.completed', ({ payload }) => payload.cart_id === cart_id);

  for (const [wait, mail] of total < dear ? [reminder] : [reminder, advice]) {
    if (await order.within(wait)) return 'recovered';
    const sent = await sendEmail(mail, cart, { unless: order });
    if (isUndeliverable(sent)) return sent;
  }
  return (await order.within('5 days')) ? 'recovered' : 'lost';
}
