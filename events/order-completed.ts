import { z } from 'zod';

import { publicId } from './public-text.ts';

/** One line of an order; `price` is for one piece, in major units of the order's currency. */
export const orderItem = z.object({
  name: z.string().max(500).meta({ class: 'personal' }),
  quantity: z.number().positive().meta({ class: 'public' }),
  price: z.number().meta({ class: 'public' }),
});

export const currency = z
  .string({ error: 'must be an ISO 4217 code such as EUR' })
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as EUR' })
  .meta({ class: 'public' });

/** An order was paid. Starts `receipt`. `total` is in major units: 12.5 is twelve and a half. */
export const orderCompleted = z.object({
  order_id: publicId.meta({ class: 'public' }),
  total: z.number().meta({ class: 'public' }),
  currency,
  items: z.array(orderItem).max(500).optional(),
  cart_id: publicId.meta({ class: 'public' }).optional(),
});
