import { z } from 'zod';

import { publicId } from './public-text.ts';

/** One line of an order. */
export const orderItem = z.object({
  name: z
    .string()
    .max(500)
    .meta({ class: 'personal', examples: ['Tea'] }),
  quantity: z
    .number()
    .positive()
    .meta({ class: 'public', examples: [1] }),
  price: z.number().meta({
    class: 'public',
    description: 'For one piece, in major units of the currency: 12.5 is twelve and a half.',
    examples: [12.5],
  }),
});

export const currency = z
  .string({ error: 'must be an ISO 4217 code such as EUR' })
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as EUR' })
  .meta({ class: 'public', description: 'ISO 4217.', examples: ['EUR'] });

export const amount = z.number().meta({
  class: 'public',
  description: 'In major units of the currency: 12.5 is twelve and a half.',
  examples: [12.5],
});

/** Starts `receipt`. */
export const orderCompleted = z
  .object({
    order_id: publicId.meta({ class: 'public', examples: ['o_7'] }),
    total: amount,
    currency,
    items: z.array(orderItem).max(500).meta({ description: 'The lines of the order.' }).optional(),
    cart_id: publicId
      .meta({ class: 'public', description: 'The cart that was paid, if cart.abandoned named it.' })
      .optional(),
  })
  .describe('An order was paid.');
