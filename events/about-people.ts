import { z } from 'zod';

import { publicId } from './public-text.ts';

export const consentGranted = z
  .object({
    request: publicId
      .meta({ class: 'public', description: 'The event_id of the consent.requested that this confirms.' })
      .optional(),
  })
  .describe('A person agreed to the topics in payload.consent.');

export const consentRevoked = z
  .object({})
  .describe('A person no longer wants emails on the topics in payload.consent; "*" is every topic, also future ones.');

/** Starts `double-opt-in`. */
export const consentRequested = z
  .object({})
  .describe('A person asked for emails on the topics in payload.consent and has yet to confirm the address.');

export const contactUpdated = z.object({}).describe('payload.contact has what is new about a person.');
