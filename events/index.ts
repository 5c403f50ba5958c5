import type { z } from 'zod';

import { consentGranted, consentRequested, consentRevoked, contactUpdated } from './about-people.ts';
import { userBecameInactive, userReturned } from './activity.ts';
import { cartAbandoned } from './cart-abandoned.ts';
import type { PublicPart } from './field-classes.ts';
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

/** The fields of a payload that are classed `public`. */
export type PublicPayload<T extends EventType> = T extends EventType
  ? PublicFieldsOf<PublicPart<(typeof eventTypes)[T]>>
  : never;

/** A payload may have no public field at all. */
type PublicFieldsOf<Part> = [Part] extends [never] ? object : Part;

/** A whole payload, with the personal fields: what templates may show and entry rules may ask. It never enters Temporal. */
export type FullPayload<T extends EventType> = T extends EventType ? z.output<(typeof eventTypes)[T]> : never;

/**
 * An event as journeys see it: checked, with `contact` and `consent` taken out, and of its payload only the fields that are
 * classed `public`. There is nothing in it that says who somebody is, so it may enter Temporal.
 */
export interface Event<T extends EventType = EventType> {
  event_id: string;
  event_type: T;
  user_id: string;
  /** Unix milliseconds. */
  timestamp: number;
  payload: PublicPayload<T>;
  metadata?: Record<string, string>;
}

/** The same with its personal fields joined. */
export interface FullEvent<T extends EventType = EventType> extends Omit<Event<T>, 'payload'> {
  payload: FullPayload<T>;
}
