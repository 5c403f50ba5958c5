import type { z } from 'zod';

import { consentGranted, consentRequested, consentRevoked, contactUpdated } from './about-people.ts';
import { userBecameInactive, userReturned } from './activity.ts';
import { cartAbandoned } from './cart-abandoned.ts';
import { orderCompleted } from './order-completed.ts';
import { projectCreated } from './project-created.ts';
import { trialExtended, trialStarted } from './trial.ts';
import { userSignedUp } from './user-signed-up.ts';

/** Every event type there is, with the schema of its payload beside `contact` and `consent`. */
export const eventTypes = {
  'user.signed_up': userSignedUp,
  'project.created': projectCreated,
  'order.completed': orderCompleted,
  'cart.abandoned': cartAbandoned,
  'trial.started': trialStarted,
  'trial.extended': trialExtended,
  'user.became_inactive': userBecameInactive,
  'user.returned': userReturned,
  'consent.requested': consentRequested,
  'consent.granted': consentGranted,
  'consent.revoked': consentRevoked,
  'contact.updated': contactUpdated,
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
