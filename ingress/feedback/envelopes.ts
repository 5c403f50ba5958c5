import { asObject, asText, type JsonObject, longest, parseJson } from './json.ts';
import type { SetUpNotice, UnusableFeedback } from './ses-feedback.ts';

/** An event of SES as it was written, a notice about the topic, or why there is neither. */
export type Found = { event: JsonObject } | Omit<SetUpNotice, 'type'> | Pick<UnusableFeedback, 'reason' | 'detail'>;

/** The whole message that SES publishes to a topic when it becomes the destination of a configuration set. */
const validation = /^\s*Successfully validated SNS topic for Amazon SES\b.{0,100}\s*$/;

/** What SES says once when a topic is chosen for an identity. */
const subscribed = 'AmazonSnsSubscriptionSucceeded';

const ofSns = new Map<unknown, SetUpNotice['notice']>([
  ['SubscriptionConfirmation', 'subscription_to_confirm'],
  ['UnsubscribeConfirmation', 'subscription_ended'],
]);

/** Real chains have four: Lambda's records, one of them, an SNS envelope and an EventBridge body. */
const maxEnvelopes = 5;

/** Lambda hands over ten at once by default. This bounds all levels of one message together. */
const maxRecords = 100;

/**
 * Takes every envelope off: none, SNS, EventBridge, the records of Lambda (SNS's and SQS's), one in the other. At least
 * one result, and at most `maxRecords` and one more, which says that the rest was left out.
 */
export function unwrap(bytes: Uint8Array): Found[] {
  const found: Found[] = [];
  open(new TextDecoder().decode(bytes), 'the body', maxEnvelopes, found);
  return found;
}

/** Opens one level: `content` is an object, or the text of one, and `where` says which part of the message it is. */
function open(content: unknown, where: string, left: number, found: Found[]): void {
  if (found.length === maxRecords) found.push(notAnEvent(`more than ${maxRecords} records`));
  if (found.length > maxRecords) return;
  if (typeof content === 'string' && content.length < 300 && validation.test(content))
    return void found.push({ notice: 'topic_validated' });
  const value = typeof content === 'string' ? parseJson(content) : content;
  if (value === undefined) return void found.push({ reason: 'not_json', detail: `${where} is not JSON` });
  const object = asObject(value);
  if (!object) return void found.push(notAnEvent(`${where} is not a JSON object`));
  if (left < 0) return void found.push(notAnEvent(`more than ${maxEnvelopes} envelopes`));

  // The envelope of SNS comes first: only what is in its Message is signed. Fields beside it can be put there by anybody.
  const snsType = asText(object['Type'], longest.word);
  if (snsType === 'Notification') return open(object['Message'] ?? null, 'Message', left - 1, found);
  const notice = ofSns.get(snsType);
  if (notice !== undefined) return void found.push({ notice });
  if (object['notificationType'] === subscribed) return void found.push({ notice: 'topic_subscribed' });
  if (object['eventType'] !== undefined || object['notificationType'] !== undefined) {
    return void found.push({ event: object });
  }
  if (Array.isArray(object['Records'])) return openRecords(object['Records'], left - 1, found);
  for (const part of ['Sns', 'body', 'detail']) {
    if (object[part] !== undefined) return open(object[part], part, left - 1, found);
  }
  found.push(notAnEvent(`${where} has neither eventType nor a known envelope`));
}

function openRecords(records: readonly unknown[], left: number, found: Found[]): void {
  if (records.length === 0) found.push(notAnEvent('Records is empty'));
  for (const record of records) open(record, 'a record', left, found);
}

function notAnEvent(detail: string): Found {
  return { reason: 'not_an_event', detail };
}
