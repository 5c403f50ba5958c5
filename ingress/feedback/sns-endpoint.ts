import { ConfirmSubscriptionCommand, SNSClient } from '@aws-sdk/client-sns';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Context, Hono } from 'hono';

import type { Logger } from '../../runtime/log.ts';
import { clientOf } from '../client-of.ts';
import { readAtMost } from './read-at-most.ts';
import type { SnsMessage, SnsRefusal, SnsVerifier } from './sns-signature.ts';

/** The largest message of SNS. An event of SES has a few KB. */
const maxBodyBytes = 256 * 1024;

/** SNS has its own plan of when to try again; this is for everybody else who reads it. */
const retryAfterSeconds = '10';

export interface SnsEndpoint {
  verifier: SnsVerifier;
  /** Resolves when the bytes are where they cannot be lost. */
  store(bytes: Uint8Array): Promise<unknown>;
  /** Confirms a subscription of a topic that is ours. */
  confirm(topicArn: string, token: string): Promise<unknown>;
  count(result: SnsResult): void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export type SnsResult =
  | SnsRefusal
  | 'too_large'
  | 'cut_short'
  | 'stored'
  | 'store_failed'
  | 'confirmed'
  | 'confirm_failed'
  | 'unsubscribed';

/**
 * `POST /feedback/sns`, where SNS delivers over HTTPS. Open to the whole internet: only what AWS signed for a topic of
 * ours gets any further, and SNS hears 200 only when it is stored. 503 makes SNS try again, any other error does not.
 */
export function addSnsEndpoint(app: Hono, endpoint: SnsEndpoint): void {
  const { verifier, count, log } = endpoint;
  app.post('/feedback/sns', async (c) => {
    const bytes = await readAtMost(c.req.raw.body, maxBodyBytes).catch(() => 'cut_short' as const);
    if (bytes === undefined) return answer(c, endpoint, 'too_large', 413);
    if (bytes === 'cut_short') return answer(c, endpoint, 'cut_short', 400);
    const verdict = await verifier.verify(new TextDecoder().decode(bytes), clientOf(c));
    if (verdict.ok) return take(c, endpoint, verdict.message, bytes);
    const { reason, detail } = verdict;
    log.warn({ reason, detail }, 'a message to the SNS endpoint was refused');
    count(reason);
    return reason === 'certificate_unavailable' ? later(c) : c.text('refused\n', refusals[reason]);
  });
}

const refusals = {
  unreadable: 400,
  unknown_type: 400,
  foreign_topic: 403,
  signature_version: 403,
  timestamp: 403,
  certificate_url: 403,
  certificate_expired: 403,
  signature: 403,
} as const satisfies Record<Exclude<SnsRefusal, 'certificate_unavailable'>, number>;

function answer(c: Context, { count }: SnsEndpoint, result: 'too_large' | 'cut_short', status: 413 | 400): Response {
  count(result);
  return c.text('refused\n', status);
}

async function take(c: Context, endpoint: SnsEndpoint, message: SnsMessage, bytes: Uint8Array): Promise<Response> {
  const { store, confirm, log } = endpoint;
  const { type, topicArn } = message;
  switch (type) {
    case 'Notification':
      return tried(c, endpoint, store(bytes), 'stored', 'store_failed');
    case 'SubscriptionConfirmation':
      log.info({ topicArn }, 'SNS asks to confirm a subscription');
      return tried(c, endpoint, confirm(topicArn, message.token), 'confirmed', 'confirm_failed');
    case 'UnsubscribeConfirmation':
      // Its token would subscribe again. Whoever ended it may have meant it: that is for a person to decide.
      log.warn({ topicArn }, 'the subscription to the SNS topic has ended; its feedback no longer comes');
      endpoint.count('unsubscribed');
      return c.text('noted\n');
    default:
      return type satisfies never;
  }
}

async function tried(
  c: Context,
  { count, log }: SnsEndpoint,
  attempt: Promise<unknown>,
  done: 'stored' | 'confirmed',
  failed: 'store_failed' | 'confirm_failed',
): Promise<Response> {
  try {
    await attempt;
    count(done);
    return c.text(`${done}\n`);
  } catch (error) {
    log.error({ err: error, result: failed }, 'a message of SNS could not be taken in; SNS will try again');
    count(failed);
    return later(c);
  }
}

function later(c: Context): Response {
  return c.text('not now\n', 503, { 'retry-after': retryAfterSeconds });
}

/**
 * Confirms by a call to SNS itself, in the region of the topic. The SubscribeURL of the message is never fetched: it
 * would let whoever writes messages choose what this process connects to. SNS waits 15 s for the answer.
 */
export function createSnsConfirm(): SnsEndpoint['confirm'] {
  const clients = new Map<string, SNSClient>();
  const clientOf = (region: string) => {
    const requestHandler = new NodeHttpHandler({
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
    });
    const client = clients.get(region) ?? new SNSClient({ region, maxAttempts: 2, requestHandler });
    clients.set(region, client);
    return client;
  };
  return (topicArn, token) =>
    clientOf(topicArn.split(':')[3] ?? '').send(
      // Without this anybody who sees a message could end the subscription by the link in it.
      new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: token, AuthenticateOnUnsubscribe: 'true' }),
    );
}
