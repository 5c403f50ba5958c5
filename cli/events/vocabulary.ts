import type { z } from 'zod';

import { envelope } from '../../events/envelope.ts';
import { eventTypes } from '../../events/index.ts';
import { consent, contact } from '../../events/person.ts';

/** All that a producer has to know: the event types and what every event has. */
export interface Vocabulary {
  /** The schema of each type's payload, beside `contact` and `consent`. */
  eventTypes: Readonly<Record<string, z.ZodType>>;
  envelope: z.ZodType;
  contact: z.ZodType;
  consent: z.ZodType;
}

/** The one of this folder. */
export const vocabulary: Vocabulary = { eventTypes, envelope, contact, consent };
