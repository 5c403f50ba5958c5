import { z } from 'zod';

import { publicId } from './public-text.ts';

/**
 * Somebody said yes, or took it back, to the topics of the event's `consent` block. `*` in `consent.revoked` is every
 * topic, those of the future too.
 */
export const consentGranted = z.object({
  /** The `consent.requested` event that this confirms. */
  request: publicId.meta({ class: 'public' }).optional(),
});
export const consentRevoked = z.object({});

/** Somebody asked for mail and has yet to confirm that the address is theirs. Starts `double-opt-in`. */
export const consentRequested = z.object({});

/** The event's `contact` block says what is new about a person. */
export const contactUpdated = z.object({});
