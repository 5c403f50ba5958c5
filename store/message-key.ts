import { createHash } from 'node:crypto';

/**
 * What one email is called: one event sends one template at most once. A journey that sends a template twice on purpose
 * gives each time its own key.
 */
export function messageKey(eventId: string, template: string, key?: string): string {
  return key === undefined ? `${eventId}/${template}` : `${eventId}/${template}#${key}`;
}

/** The SES tag that carries the message tag through the provider and back in every event. */
export const messageTagName = 'rivulet-key';

/** The message key in the characters that an SES tag allows; it comes back in every event about the email. */
export function messageTag(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
