import { z } from 'zod';

import { publicText } from './public-text.ts';

/** Somebody opened an account. Starts `onboarding`. */
export const userSignedUp = z.object({
  plan: publicText.meta({ class: 'public' }).optional(),
});
