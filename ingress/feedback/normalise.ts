import { createHash } from 'node:crypto';

import { messageTagName } from '../../store/message-key.ts';
import { type Found, unwrap } from './envelopes.ts';
import { linkIn, readerOf, type Specific } from './event-types.ts';
import { asList, asObject, asText, type JsonObject, longest } from './json.ts';
import { mostRecipients } from './recipients.ts';
import type { AboutMail, SesFeedback, SetUpNotice, UnusableFeedback } from './ses-feedback.ts';

/**
 * Everything that SES tells in these bytes, whatever envelopes they came in: at least one piece, in the order of the
 * envelope. Never throws: what cannot be used says why, without a value that could be personal.
 */
export function normalise(bytes: Uint8Array): (SesFeedback | SetUpNotice | UnusableFeedback)[] {
  return unwrap(bytes).map(toFeedback);
}

function toFeedback(found: Found): SesFeedback | SetUpNotice | UnusableFeedback {
  if ('reason' in found) return { type: 'unusable', ...found };
  if ('notice' in found) return { type: 'notice', ...found };
  const { event } = found;
  // Identity notifications, the older kind, say `notificationType` and carry no tags.
  const reader = readerOf(asText(event['eventType'], longest.word) ?? asText(event['notificationType'], longest.word));
  if (!reader) return unusable(event, 'unknown_type', 'an event of a type that is not known');
  const mail = asObject(event['mail']);
  if (!mail) return unusable(event, 'missing_block', 'mail');
  const block = asObject(event[reader.block]);
  if (!block) return unusable(event, 'missing_block', reader.block);
  if (asList(reader.list(block, mail)).length > mostRecipients) {
    return unusable(event, 'too_many_recipients', `more than ${mostRecipients} recipients`);
  }
  const specific = reader.read(block, mail);
  if ('missing' in specific) return unusable(event, 'missing_block', specific.missing);
  return { ...aboutMail(mail, block, specific), ...specific };
}

function unusable(event: JsonObject, reason: UnusableFeedback['reason'], detail: string): UnusableFeedback {
  return { type: 'unusable', reason, detail, ...whichMail(asObject(event['mail'])) };
}

function whichMail(mail: JsonObject | undefined): Pick<AboutMail, 'messageId' | 'tag'> {
  const messageId = asText(mail?.['messageId'], longest.id);
  const values = asObject(mail?.['tags'])?.[messageTagName];
  const tag = Array.isArray(values) ? asText(values[0], longest.id) : undefined;
  return { ...(messageId !== undefined && { messageId }), ...(tag !== undefined && { tag }) };
}

function aboutMail(mail: JsonObject, block: JsonObject, specific: Specific): AboutMail {
  const timestamps = [block['timestamp'], mail['timestamp']].map((value) => asText(value, longest.word));
  const at = timestamps.map((text) => instantOf(text)).find((ms) => ms !== undefined) ?? Date.now();
  const written = timestamps.find((text) => text !== undefined) ?? '';
  return { id: idOf(mail, block, specific, written), at, ...whichMail(mail) };
}

/** Only a whole instant: Date.parse also reads "7" and takes it for a month. */
function instantOf(text: string | undefined): number | undefined {
  const ms = text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The same for every copy of one event, whichever envelopes it came in. The link counts as it was written: two links of
 * one mail may differ in the query alone.
 */
function idOf(mail: JsonObject, block: JsonObject, specific: Specific, timestamp: string): string {
  const { type } = specific;
  const feedbackId = asText(block['feedbackId'], longest.id);
  if ((type === 'bounce' || type === 'complaint') && feedbackId && /^[\x21-\x7e]{1,200}$/.test(feedbackId)) {
    return feedbackId;
  }
  const { messageId } = whichMail(mail);
  // SES always names the mail. Without that, nothing shorter than all that was told tells two events apart.
  if (messageId === undefined) return hash(JSON.stringify([timestamp, specific]));
  const link = type === 'click' ? linkIn(block) : undefined;
  return hash([messageId, type, timestamp, ...(link === undefined ? [] : [link])].join(':'));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}
