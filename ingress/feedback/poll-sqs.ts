import { setTimeout as sleep } from 'node:timers/promises';

import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';

import type { Logger } from '../../runtime/log.ts';

/** SQS's own limits of a long poll and of a batch. */
const longestPollSeconds = 20;
const batchSize = 10;

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
const callTimeoutMs = 10_000;

export interface SqsPolling {
  queueUrl: string;
  /** Resolves when the bytes are where they cannot be lost. */
  store(bytes: Uint8Array): Promise<unknown>;
  count(result: SqsResult): void;
  /** Called when nothing more waited in the queue, as far as one poll can tell. */
  caughtUp?(): void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  stop: AbortSignal;
  client?: SQSClient;
  /** How long one poll waits for a message. Default: as long as SQS allows. */
  waitSeconds?: number;
  /** The largest body that can be stored. Asked each time: it is the NATS server's to say. */
  maxBytes: () => number;
}

export type SqsResult = 'stored' | 'store_failed' | 'too_large' | 'queue_failed' | 'delete_failed';

/**
 * Brings the feedback that waits in SQS into the stream, until it is told to stop. A message is deleted only after it is
 * stored. So it may come twice, which its id shows, and is never lost: what cannot be stored stays in the queue.
 */
export async function pollSqs(polling: SqsPolling): Promise<void> {
  const { queueUrl, log, stop } = polling;
  const client = polling.client ?? createSqsClient(queueUrl);
  log.info({ queueUrl }, 'polling the feedback queue');
  let failures = 0;
  while (!stop.aborted) {
    const size = failures > 0 ? 1 : batchSize;
    const trouble = await takeBatch(client, polling, size).catch((error: unknown) => error);
    if (stop.aborted) break;
    if (trouble === undefined) {
      if (failures > 0) log.info({ failures }, 'feedback from the queue is taken in again');
      failures = 0;
      continue;
    }
    if (failures++ === 0) log.error({ err: trouble }, 'feedback waits in the queue until what is away is back');
    await sleep(pauseMs(failures), undefined, { signal: stop }).catch(() => undefined);
  }
  if (!polling.client) client.destroy();
}

/** Endpoint and region are those of the queue's URL, unless the AWS SDK's own variables say otherwise. */
function createSqsClient(queueUrl: string): SQSClient {
  const { origin, hostname } = new URL(queueUrl);
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
  const config: SQSClientConfig = {
    ...(!process.env['AWS_ENDPOINT_URL_SQS'] && { endpoint: origin }),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 3_000,
      requestTimeout: longestPollSeconds * 1_000 + callTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  };
  return new SQSClient(region === undefined ? config : { ...config, region });
}

/**
 * One poll: receives, stores, deletes what is stored. Returns the error when something could not be stored, and rejects
 * when the queue fails. After a failure the caller asks for one message only: every delivery counts towards the limit at
 * which the queue gives a message up.
 */
async function takeBatch(client: SQSClient, polling: SqsPolling, size: number): Promise<unknown> {
  const { queueUrl, count, stop, waitSeconds = longestPollSeconds } = polling;
  try {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: size,
      WaitTimeSeconds: waitSeconds,
    });
    const { Messages: messages = [] } = await client.send(command, { abortSignal: stop });
    const kept = await Promise.all(messages.map((message) => keep(polling, message)));
    await deleteStored(
      client,
      polling,
      messages.filter((_, index) => kept[index] === 'stored'),
    );
    const failed = kept.find((result) => result instanceof Error);
    if (failed === undefined && messages.length < size) polling.caughtUp?.();
    return failed;
  } catch (error) {
    if (!stop.aborted) count('queue_failed');
    throw error;
  }
}

/** Stores one message; an Error when it could not be stored now. */
async function keep(
  { store, count, log, maxBytes }: SqsPolling,
  message: Message,
): Promise<'stored' | 'too_large' | Error> {
  const bytes = new TextEncoder().encode(message.Body ?? '');
  if (bytes.byteLength > maxBytes()) {
    const facts = { sqsMessageId: message.MessageId, bytes: bytes.byteLength, maxBytes: maxBytes() };
    log.error(facts, 'a message in the feedback queue is too large; it is left to the redrive policy of the queue');
    count('too_large');
    return 'too_large';
  }
  try {
    await store(bytes);
    count('stored');
    return 'stored';
  } catch (error) {
    count('store_failed');
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Also when told to stop: otherwise what was just stored would come once more. What is not deleted does so, harmlessly. */
async function deleteStored(client: SQSClient, polling: SqsPolling, stored: Message[]): Promise<void> {
  if (stored.length === 0) return;
  const command = new DeleteMessageBatchCommand({
    QueueUrl: polling.queueUrl,
    Entries: stored.map(({ ReceiptHandle: handle }, index) => ({ Id: String(index), ReceiptHandle: handle })),
  });
  const { Failed: failed = [] } = await client.send(command, { abortSignal: AbortSignal.timeout(callTimeoutMs) });
  if (failed.length === 0) return;
  polling.log.warn(
    { codes: failed.map(({ Code: code }) => code) },
    'messages of the queue were stored and not deleted',
  );
  for (const _ of failed) polling.count('delete_failed');
}

/** Grows up to half a minute, and differs between ingresses so that they do not come back all at once. */
function pauseMs(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
