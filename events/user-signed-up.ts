import { z } from 'zod';

/** Somebody opened an account. Starts `onboarding`. */
export const userSignedUp = z.object({
  plan: z.string().max(100).meta({ class: 'public' }).optional(),
});
