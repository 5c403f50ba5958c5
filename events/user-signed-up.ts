import { z } from 'zod';

import { publicText } from './public-text.ts';

/** Starts `onboarding`. */
export const userSignedUp = z
  .object({
    plan: publicText.meta({ class: 'public', examples: ['pro'] }).optional(),
  })
  .describe('A person opened an account.');
