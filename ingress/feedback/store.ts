import { createHash } from 'node:crypto';

import type { JetStreamClient } from '@nats-io/jetstream';

import { asObject, asText, parseJson } from './json.ts';

const subject = 'marketing.feedback.ses';
const publishTimeoutMs = 5_000;

/**
 * Puts feedback into the stream as it was received, before anything is understood of it: what a later version reads
 * better is still there. Resolves when JetStream has it; rejects when that is not known.
 */
export async function storeFeedback(js: JetStreamClient, bytes: Uint8Array): Promise<'stored' | 'stored_before'> {
  const { duplicate } = await js.publish(subject, bytes, { msgID: feedbackId(bytes), timeout: publishTimeoutMs });
  return duplicate ? 'stored_before' : 'stored';
}

/** One name for all deliveries of one message. SNS keeps its MessageId when it tries again, by SQS and by HTTPS alike. */
export function feedbackId(bytes: Uint8Array): string {
  const envelope = asObject(parseJson(new TextDecoder().decode(bytes)));
  const id = asText(envelope?.['MessageId']);
  if (asText(envelope?.['Type']) && id && /^[A-Za-z0-9-]{1,100}$/.test(id)) return `sns:${id}`;
  return `sha256:${createHash('sha256').update(bytes).digest('base64url')}`;
}
