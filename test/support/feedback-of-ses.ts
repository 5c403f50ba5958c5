import { normalise } from '../../ingress/feedback/normalise.ts';
import { messageTagName } from '../../store/message-key.ts';

/** What is read from a value that came as JSON. */
export const read = (value: unknown) => normalise(new TextEncoder().encode(JSON.stringify(value)));
/** The mail that every event here is about, and what is read of it. */
export const mail = {
  timestamp: '2026-11-24T08:00:00.000Z',
  messageId: '0107019a-mail-000000',
  source: 'Rivulet <hello@example.com>',
  destination: ['Ada <ada@example.com>'],
  headersTruncated: false,
  tags: { [messageTagName]: ['the-tag'], 'ses:configuration-set': ['rivulet'] },
};
export const about = { messageId: mail.messageId, tag: 'the-tag' };
/** When it happened. */
export const timestamp = '2026-11-24T08:00:01.500Z';

/** An event of SES, its block and whatever else a test changes. */
export const event = (eventType: string, block: object = {}) => ({ eventType, mail, ...block });
export const bounceOf = (bounce: object = {}) =>
  event('Bounce', {
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [{ emailAddress: 'ada@example.com', action: 'failed', status: '5.1.1' }],
      timestamp,
      feedbackId: '0107019a-feedback-000000',
      ...bounce,
    },
  });
export const complaintOf = (complaint: object = {}) =>
  event('Complaint', {
    complaint: {
      complainedRecipients: [{ emailAddress: 'ada@example.com' }],
      timestamp,
      feedbackId: '0107019a-complaint-000000',
      ...complaint,
    },
  });
export const clickOf = (click: object = {}) =>
  event('Click', { click: { link: 'https://example.com/start?user=7', timestamp, ipAddress: '192.0.2.1', ...click } });
export const subscriptionOf = (newTopicPreferences: unknown) =>
  event('Subscription', {
    subscription: { contactList: 'all', timestamp, source: 'UnsubscribeHeader', newTopicPreferences },
  });
