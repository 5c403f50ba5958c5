import { z } from 'zod';

import { unixMs } from './envelope.ts';
import { publicText } from './public-text.ts';

const trial = z.object({
  trial_ends_at: unixMs.meta({ class: 'public' }),
  plan: publicText.meta({ class: 'public' }).optional(),
});

/** A trial began. Starts `trial-ending`. */
export const trialStarted = trial;

/** Its end was moved to `trial_ends_at` (Unix ms), later or sooner. `trial-ending` hears it. */
export const trialExtended = trial;
