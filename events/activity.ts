import { z } from 'zod';

import { unixMs } from './envelope.ts';

const activity = z.object({ last_seen_at: unixMs.meta({ class: 'personal' }).optional() });

/** Somebody has not been seen for a while, as the producer counts it. Starts `win-back`. */
export const userBecameInactive = activity;

/** They are back. `win-back` hears it. */
export const userReturned = activity;
