import { z } from 'zod';

import { currency, orderItem } from './order-completed.ts';
import { publicId } from './public-text.ts';

/** Somebody left a full cart behind. Starts `cart-recovery`. `total` is in major units; `url` leads back to the cart. */
export const cartAbandoned = z.object({
  cart_id: publicId.meta({ class: 'public' }),
  total: z.number().meta({ class: 'public' }),
  currency,
  items: z.array(orderItem).max(500).optional(),
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .max(2000)
    // It may tell whose cart it is. A link that logs in by itself does not belong here: mails are forwarded.
    .meta({ class: 'personal' })
    .optional(),
});
