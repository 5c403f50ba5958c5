import { createHash } from 'node:crypto';

import { type Publisher, publishOnce } from '../../client/publish-once.ts';
import { subjectOfFeedback } from '../sort.ts';
import { asObject, asText, longest, parseJson } from './json.ts';

const publishTimeoutMs = 5_000;

/**
 * Stores feedback in the stream as it was received: what a later version reads better is still there. Only its lane is found out
 * before. Resolves when JetStream has it; rejects when that is not known.
 */
export async function storeFeedback(stream: Publisher, bytes: Uint8Array): Promise<'stored' | 'stored_before'> {
  const { duplicate } = await publishOnce(stream, {
    subject: subjectOfFeedback(bytes),
    id: feedbackId(bytes),
    bytes,
    timeoutMs: publishTimeoutMs,
  });
  return duplicate ? 'stored_before' : 'stored';
}

/** One name for all deliveries of one message. SNS keeps its MessageId when it tries again, by SQS and by HTTPS alike. */
export function feedbackId(bytes: Uint8Array): string {
  const envelope = asObject(parseJson(new TextDecoder().decode(bytes)));
  const id = asText(envelope?.['MessageId'], longest.id);
  if (asText(envelope?.['Type'], longest.word) && id && /^[A-Za-z0-9-]{1,100}$/.test(id)) return `sns:${id}`;
  return `sha256:${createHash('sha256').update(bytes).digest('base64url')}`;
}
