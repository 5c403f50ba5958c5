import type { Event } from '../../events/index.ts';
import { sendEmail, type Outcome } from '../lib/send-email.ts';

/** Sends the receipt of a paid order, whatever the person has subscribed to. Ends when it is sent. */
export async function receipt(order: Event<'order.completed'>): Promise<Outcome> {
  return sendEmail('receipt', order);
}
