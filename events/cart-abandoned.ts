import { z } from 'zod';

import { currency, orderItem } from './order-completed.ts';

/** Somebody left a full cart behind. Starts `cart-recovery`. `total` is in major units; `url` leads back to the cart. */
export const cartAbandoned = z.object({
  cart_id: z.string().min(1).max(128),
  total: z.number(),
  currency,
  items: z.array(orderItem).max(500).optional(),
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .max(2000)
    .optional(),
});
