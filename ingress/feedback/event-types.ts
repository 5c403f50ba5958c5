import { withoutAddresses } from '../../config/scrub.ts';
import { asList, asObject, asText, type JsonObject } from './json.ts';
import { fromAddresses, fromEntries } from './recipients.ts';
import type { AboutMail, BounceType, Reader, SesFeedback } from './ses-feedback.ts';

type OwnPart<Feedback> = Feedback extends AboutMail ? Omit<Feedback, keyof AboutMail> : never;

/** What an event of one type tells beside which mail it is about. */
export type Specific = OwnPart<SesFeedback>;

/** The path of a part without which the event means nothing. */
interface Missing {
  missing: string;
}

interface EventType {
  /** The part of the event that is about this type. */
  block: string;
  read(block: JsonObject, mail: JsonObject): Specific | Missing;
}

/** The reader of a type as SES writes it. A Map: an event may call itself `constructor`. */
export function readerOf(name: string | undefined): EventType | undefined {
  return name === undefined ? undefined : eventTypes.get(name);
}

const eventTypes = new Map<string, EventType>([
  ['Send', { block: 'send', read: readSend }],
  ['Delivery', { block: 'delivery', read: readDelivery }],
  ['Bounce', { block: 'bounce', read: readBounce }],
  ['Complaint', { block: 'complaint', read: readComplaint }],
  ['Reject', { block: 'reject', read: readReject }],
  ['Rendering Failure', { block: 'failure', read: readRenderingFailure }],
  ['Rendering Failed', { block: 'failure', read: readRenderingFailure }], // EventBridge's word for it
  ['DeliveryDelay', { block: 'deliveryDelay', read: readDelay }],
  ['Open', { block: 'open', read: readOpen }],
  ['Click', { block: 'click', read: readClick }],
  ['Subscription', { block: 'subscription', read: readSubscription }],
]);

function readSend(_block: JsonObject, mail: JsonObject): Specific {
  return { type: 'send', recipients: sentTo(mail) };
}

function readDelivery(block: JsonObject): Specific {
  return { type: 'delivery', recipients: fromAddresses(block['recipients']) };
}

/** Who bounced, which of a mail to many is not everybody it was sent to. */
function readBounce(block: JsonObject): Specific | Missing {
  const written = asText(block['bounceType']);
  if (written === undefined) return { missing: 'bounce.bounceType' };
  const recipients = fromEntries(block['bouncedRecipients']);
  if (recipients.length === 0) return { missing: 'bounce.bouncedRecipients' };
  const subType = asText(block['bounceSubType']) ?? 'Undetermined';
  return { type: 'bounce', bounceType: bounceTypes.get(written) ?? 'undetermined', subType, recipients };
}

const bounceTypes = new Map<string, BounceType>([
  ['Permanent', 'permanent'],
  ['Transient', 'transient'],
]);

function readComplaint(block: JsonObject): Specific | Missing {
  const recipients = fromEntries(block['complainedRecipients']);
  if (recipients.length === 0) return { missing: 'complaint.complainedRecipients' };
  const feedbackType = asText(block['complaintFeedbackType']);
  const subType = asText(block['complaintSubType']);
  return {
    type: 'complaint',
    ...(feedbackType !== undefined && { feedbackType }),
    ...(subType !== undefined && { subType }),
    recipients,
  };
}

function readReject(block: JsonObject, mail: JsonObject): Specific {
  return { type: 'reject', reason: reasonOf(block['reason']), recipients: sentTo(mail) };
}

function readRenderingFailure(block: JsonObject, mail: JsonObject): Specific {
  return { type: 'rendering_failure', reason: reasonOf(block['errorMessage']), recipients: sentTo(mail) };
}

/** Words of the provider, which go to the log: without addresses, and no longer than a line. */
function reasonOf(value: unknown): string {
  return withoutAddresses(asText(value) ?? 'not told').slice(0, 500);
}

function readDelay(block: JsonObject): Specific {
  const delayType = asText(block['delayType']) ?? 'Undetermined';
  return { type: 'delivery_delay', delayType, recipients: fromEntries(block['delayedRecipients']) };
}

function readOpen(block: JsonObject, mail: JsonObject): Specific {
  return { type: 'open', by: readBy(block), recipients: sentTo(mail) };
}

function readClick(block: JsonObject, mail: JsonObject): Specific | Missing {
  const link = asText(block['link']);
  if (link === undefined) return { missing: 'click.link' };
  return { type: 'click', by: readBy(block), link: withoutWhatIsPersonal(link), recipients: sentTo(mail) };
}

function readBy(block: JsonObject): Reader {
  if (block['isBotEvent'] === 'Likely') return 'machine';
  return block['isBotEvent'] === 'Unlikely' ? 'human' : 'unknown';
}

/** Of `mailto:` and its like only the scheme: what follows is an address or a number of somebody. */
function withoutWhatIsPersonal(link: string): string {
  if (!URL.canParse(link)) return withoutAddresses(link.replace(/[?#].*$/s, ''));
  const { protocol, host, pathname } = new URL(link);
  return protocol === 'http:' || protocol === 'https:' ? `${protocol}//${host}${pathname}` : protocol;
}

function readSubscription(block: JsonObject, mail: JsonObject): Specific | Missing {
  const wanted = asObject(block['newTopicPreferences']);
  if (!wanted) return { missing: 'subscription.newTopicPreferences' };
  const recipients = sentTo(mail);
  if (wanted['unsubscribeAll'] === true) return { type: 'subscription', optOut: 'all', recipients };
  const optOut = asList(wanted['topicSubscriptionStatus'])
    .map(asObject)
    .filter((topic) => topic?.['subscriptionStatus'] === 'OptOut')
    .map((topic) => asText(topic?.['topicName']))
    .filter((name) => name !== undefined);
  return { type: 'subscription', optOut, recipients };
}

/** Everybody the mail was sent to: for events that name nobody themselves. */
function sentTo(mail: JsonObject): SesFeedback['recipients'] {
  return fromAddresses(mail['destination']);
}
