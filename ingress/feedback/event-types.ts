import { cut, withoutAddresses } from '../../config/scrub.ts';
import { asList, asObject, asText, type JsonObject, longest } from './json.ts';
import { knownWord, topicName } from './known-words.ts';
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
  /** Where the recipients are that it happened to. */
  list: (block: JsonObject, mail: JsonObject) => unknown;
  read(block: JsonObject, mail: JsonObject): Specific | Missing;
}

const sentTo = (_: JsonObject, mail: JsonObject) => mail['destination'];
const own = (name: string) => (block: JsonObject) => block[name];

/** The reader of a type as SES writes it. A Map: an event may call itself `constructor`. */
export function readerOf(name: string | undefined): EventType | undefined {
  return name === undefined ? undefined : eventTypes.get(name);
}

const eventTypes = new Map<string, EventType>([
  ['Send', { block: 'send', list: sentTo, read: readSend }],
  ['Delivery', { block: 'delivery', list: own('recipients'), read: readDelivery }],
  ['Bounce', { block: 'bounce', list: own('bouncedRecipients'), read: readBounce }],
  ['Complaint', { block: 'complaint', list: own('complainedRecipients'), read: readComplaint }],
  ['Reject', { block: 'reject', list: sentTo, read: readReject }],
  ['Rendering Failure', { block: 'failure', list: sentTo, read: readRenderingFailure }],
  ['Rendering Failed', { block: 'failure', list: sentTo, read: readRenderingFailure }], // EventBridge's word for it
  ['DeliveryDelay', { block: 'deliveryDelay', list: own('delayedRecipients'), read: readDelay }],
  ['Open', { block: 'open', list: sentTo, read: readOpen }],
  ['Click', { block: 'click', list: sentTo, read: readClick }],
  ['Subscription', { block: 'subscription', list: sentTo, read: readSubscription }],
]);

function readSend(_block: JsonObject, mail: JsonObject): Specific {
  return { type: 'send', recipients: everybodyOf(mail) };
}

function readDelivery(block: JsonObject): Specific {
  return { type: 'delivery', recipients: fromAddresses(block['recipients']) };
}

/** Who bounced, which of a mail to many is not everybody it was sent to. */
function readBounce(block: JsonObject): Specific | Missing {
  const written = asText(block['bounceType'], longest.word);
  if (written === undefined) return { missing: 'bounce.bounceType' };
  const recipients = fromEntries(block['bouncedRecipients']);
  if (recipients.length === 0) return { missing: 'bounce.bouncedRecipients' };
  const subType = knownWord('bounceSubType', block['bounceSubType']) ?? 'Undetermined';
  return { type: 'bounce', bounceType: bounceTypes.get(written) ?? 'undetermined', subType, recipients };
}

const bounceTypes = new Map<string, BounceType>([
  ['Permanent', 'permanent'],
  ['Transient', 'transient'],
]);

function readComplaint(block: JsonObject): Specific | Missing {
  const recipients = fromEntries(block['complainedRecipients']);
  if (recipients.length === 0) return { missing: 'complaint.complainedRecipients' };
  const feedbackType = knownWord('complaintFeedbackType', block['complaintFeedbackType']);
  const subType = knownWord('complaintSubType', block['complaintSubType']);
  return {
    type: 'complaint',
    ...(feedbackType !== undefined && { feedbackType }),
    ...(subType !== undefined && { subType }),
    recipients,
  };
}

/** What SES says of the content is a text of somebody else's: it goes nowhere. */
function readReject(_block: JsonObject, mail: JsonObject): Specific {
  return { type: 'reject', recipients: everybodyOf(mail) };
}

function readRenderingFailure(_block: JsonObject, mail: JsonObject): Specific {
  return { type: 'rendering_failure', recipients: everybodyOf(mail) };
}

function readDelay(block: JsonObject): Specific {
  const delayType = knownWord('delayType', block['delayType']) ?? 'Undetermined';
  return { type: 'delivery_delay', delayType, recipients: fromEntries(block['delayedRecipients']) };
}

function readOpen(block: JsonObject, mail: JsonObject): Specific {
  return { type: 'open', by: readBy(block), recipients: everybodyOf(mail) };
}

function readClick(block: JsonObject, mail: JsonObject): Specific | Missing {
  const link = linkIn(block);
  if (link === undefined) return { missing: 'click.link' };
  return { type: 'click', by: readBy(block), link: withoutWhatIsPersonal(link), recipients: everybodyOf(mail) };
}

/** As SES wrote it, cut. */
export function linkIn(block: JsonObject): string | undefined {
  const { link } = block;
  return typeof link === 'string' && link !== '' ? cut(link, longest.link) : undefined;
}

function readBy(block: JsonObject): Reader {
  if (block['isBotEvent'] === 'Likely') return 'machine';
  return block['isBotEvent'] === 'Unlikely' ? 'human' : 'unknown';
}

/** Of `mailto:` and its like only the scheme: what follows is an address or a number of somebody. */
function withoutWhatIsPersonal(link: string): string {
  if (!URL.canParse(link)) return withoutAddresses(link.replace(/[?#].*$/s, ''));
  const { protocol, host, pathname } = new URL(link);
  return protocol === 'http:' || protocol === 'https:' ? withoutAddresses(`${protocol}//${host}${pathname}`) : protocol;
}

function readSubscription(block: JsonObject, mail: JsonObject): Specific | Missing {
  const wanted = asObject(block['newTopicPreferences']);
  if (!wanted) return { missing: 'subscription.newTopicPreferences' };
  const recipients = everybodyOf(mail);
  if (wanted['unsubscribeAll'] === true) return { type: 'subscription', optOut: 'all', recipients };
  const optOut = asList(wanted['topicSubscriptionStatus'])
    .slice(0, mostTopics)
    .map(asObject)
    .filter((topic) => topic?.['subscriptionStatus'] === 'OptOut')
    .map((topic) => topicName(topic?.['topicName']))
    .filter((name) => name !== undefined);
  return { type: 'subscription', optOut, recipients };
}

/** SES lets a contact list have twenty. */
const mostTopics = 100;

/** Everybody the mail was sent to: for events that name nobody themselves. */
function everybodyOf(mail: JsonObject): SesFeedback['recipients'] {
  return fromAddresses(mail['destination']);
}
