import type { z } from 'zod';

import { orderCompleted } from './order-completed.ts';
import { projectCreated } from './project-created.ts';
import { userSignedUp } from './user-signed-up.ts';

/** Every event type there is, with the schema of its payload beside `contact` and `consent`. */
export const eventTypes = {
  'user.signed_up': userSignedUp,
  'project.created': projectCreated,
  'order.completed': orderCompleted,
} as const;

export type EventType = keyof typeof eventTypes;

/**
 * An event as journeys see it: checked, with `contact` and `consent` taken out, and only the payload fields its
 * schema names. There is no address and no name in it, so it may enter Temporal.
 */
export interface Event<T extends EventType = EventType> {
  event_id: string;
  event_type: T;
  user_id: string;
  /** Unix milliseconds. */
  timestamp: number;
  payload: z.output<(typeof eventTypes)[T]>;
  metadata?: Record<string, string>;
}
