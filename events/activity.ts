import { z } from 'zod';

import { unixMs } from './envelope.ts';

const activity = z.object({
  last_seen_at: unixMs
    .meta({
      class: 'personal',
      description: 'When the person was last seen: Unix time in milliseconds.',
      examples: [1_777_408_000_000],
    })
    .optional(),
});

/** Starts `win-back`. */
export const userBecameInactive = activity.describe('A person has not been seen for a while, as you count it.');

/** `win-back` hears it. */
export const userReturned = activity.describe('An inactive person is back.');
