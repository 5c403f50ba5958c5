import { z } from 'zod';

import { amount, currency, orderItem } from './order-completed.ts';
import { publicId } from './public-text.ts';

/** Starts `cart-recovery`. */
export const cartAbandoned = z
  .object({
    cart_id: publicId.meta({ class: 'public', examples: ['c_3'] }),
    total: amount,
    currency,
    items: z.array(orderItem).max(500).optional(),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .max(2000)
      // It may tell whose cart it is. A link that logs in by itself does not belong here: mails are forwarded.
      .meta({
        class: 'personal',
        // Every web address has a host; `uri` alone takes https: with anything behind it.
        pattern: '^https?://[A-Za-z0-9]',
        description: 'Leads back to the cart. No link that logs in by itself.',
        examples: ['https://shop.example.com/cart/c_3'],
      })
      .optional(),
  })
  .describe('A person left a full cart behind.');
