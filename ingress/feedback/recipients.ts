import { cut } from '../../config/scrub.ts';
import { asList, asObject, asText, longest } from './json.ts';
import type { Recipient } from './ses-feedback.ts';

/** SES sends to no more at a time. An event that names more is not one of SES. */
export const mostRecipients = 50;

/** The usable addresses of a list of texts. */
export function fromAddresses(list: unknown): Recipient[] {
  return asList(list)
    .map(addressIn)
    .filter((address) => address !== undefined)
    .map((address) => ({ address }));
}

/** Of a list of `{ emailAddress, status?, diagnosticCode? }`, those with a usable address. */
export function fromEntries(list: unknown): Recipient[] {
  return asList(list).flatMap((item) => {
    const entry = asObject(item);
    const address = addressIn(entry?.['emailAddress']);
    if (address === undefined) return [];
    const status = statusIn(entry?.['status']) ?? statusInDiagnosis(entry?.['diagnosticCode']);
    const unknown = saysUnknownUser(entry?.['diagnosticCode']);
    return [{ address, ...(status !== undefined && { status }), ...(unknown && { unknownUser: true as const }) }];
  });
}

/** `Ada <ada@example.com>` and `ada@example.com` alike. Case is kept: whoever hashes the address folds it. */
function addressIn(value: unknown): string | undefined {
  const text = asText(value, longest.mailbox);
  if (text === undefined) return undefined;
  const address = (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
  return /^(?:[^\s@<>"]+|"[^"]+")@[^\s@<>"]+$/.test(address) ? address : undefined;
}

function statusIn(value: unknown): string | undefined {
  const text = asText(value, longest.word);
  return text !== undefined && /^[245]\.\d{1,3}\.\d{1,3}$/.test(text) ? text : undefined;
}

/**
 * The enhanced status after the reply code, as in `550-5.7.26 …`, `smtp; 550 5.1.1 …` and `550 #5.1.0 …`, or at the very
 * start. Nowhere else: in the words that follow, 5.7.1 may be the version of a program.
 */
function statusInDiagnosis(value: unknown): string | undefined {
  const text = typeof value === 'string' ? cut(value, longest.diagnosis) : '';
  return /(?:^(?:smtp;)?\s*|\b[245]\d\d[ -]+)#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])/i.exec(text)?.[1];
}

const noSuch = [
  /\b(?:user|mailbox|recipient|account|address|addressee)(?: \S{1,100})? (?:is |was )?(?:unknown|not (?:known|found)|invalid|does ?n[o']t exist|doesn't exist|does not exist)\b/i,
  /\b(?:unknown|invalid|no such|nonexistent|non-existent) (?:local )?(?:user|mailbox|recipient|account|address|addressee)\b/i,
];

/**
 * Whether a receiver says that there is no such mailbox. Servers that refuse to tell strangers who exists answer 5.7.1, which RFC 3463 has
 * for what is not allowed, with these words after it. A text about the sender says nothing about the recipient.
 */
function saysUnknownUser(value: unknown): boolean {
  const text = typeof value === 'string' ? cut(value, longest.diagnosis) : '';
  return !/\b(?:sender|from address|return.path|mail from)\b/i.test(text) && noSuch.some((words) => words.test(text));
}
