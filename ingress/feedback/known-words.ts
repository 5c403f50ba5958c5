/**
 * The words that SES writes in its events. They go into recipient workflows, facts and logs, so no other is let through: what
 * SES has never written counts as `other`, or as absent where nothing follows from it.
 */
const known = {
  bounceSubType: [
    'Undetermined',
    'General',
    'NoEmail',
    'Suppressed',
    'OnAccountSuppressionList',
    'OnTenantSuppressionList',
    'UnsubscribedRecipient',
    'EmailValidationSuppressed',
    'MailboxFull',
    'MessageTooLarge',
    'CustomTimeoutExceeded',
    'ContentRejected',
    'AttachmentRejected',
  ],
  complaintFeedbackType: ['abuse', 'auth-failure', 'fraud', 'not-spam', 'other', 'virus'],
  complaintSubType: ['OnAccountSuppressionList', 'OnTenantSuppressionList', 'UnsubscribedRecipient'],
  delayType: [
    'Undetermined',
    'InternalFailure',
    'General',
    'MailboxFull',
    'SpamDetected',
    'RecipientServerError',
    'IPFailure',
    'TransientCommunicationFailure',
    'BYOIPHostNameLookupUnavailable',
    'SendingDeferral',
  ],
} as const satisfies Record<string, readonly string[]>;

/** The word, `other` for one that SES does not use, undefined for what is no text. */
export function knownWord(field: keyof typeof known, value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return (known[field] as readonly string[]).includes(value) ? value : 'other';
}

/** SES lets topics be named by these characters alone, and so do we. */
export function topicName(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : 'other';
}
