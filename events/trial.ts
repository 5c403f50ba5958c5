import { z } from 'zod';

import { unixMs } from './envelope.ts';
import { publicText } from './public-text.ts';

const trial = z.object({
  trial_ends_at: unixMs.meta({
    class: 'public',
    description: 'When the trial ends: Unix time in milliseconds.',
    examples: [1_781_209_600_000],
  }),
  plan: publicText.meta({ class: 'public', examples: ['pro'] }).optional(),
});

/** Starts `trial-ending`. */
export const trialStarted = trial.describe('A trial began.');

/** `trial-ending` hears it. */
export const trialExtended = trial.describe('The end of a trial was moved to trial_ends_at, later or sooner.');
