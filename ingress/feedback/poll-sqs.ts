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
import { createQueueLag, type QueueLag } from './queue-lag.ts';

/** SQS's own limits of a long poll and of a batch. */
const longestPollSeconds = 20;
const batchSize = 10;

/** Receives side by side: one alone brings some 300 messages a second. */
const defaultPollers = 8;

/** How long a message that was received is hidden from others. Shorter than the lease of an ingress that dies (store/feed.ts). */
const hiddenSeconds = 20;

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
const callTimeoutMs = 10_000;

export interface SqsPolling {
  queueUrl: string;
  /** Resolves when the bytes are where they cannot be lost. */
  store(bytes: Uint8Array): Promise<unknown>;
  count(result: SqsResult): void;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  stop: AbortSignal;
  client?: SQSClient;
  /** How long one poll waits for a message. Default: as long as SQS allows. */
  waitSeconds?: number;
  /** The largest body that can be stored. Asked each time: the NATS server decides. */
  maxBytes: () => number;
  /** Receives side by side. */
  pollers?: number;
}

export type SqsResult = 'stored' | 'store_failed' | 'too_large' | 'queue_failed' | 'delete_failed';

export interface Polling {
  /** Resolves when it was stopped. */
  done: Promise<void>;
  /** How old feedback may be that still waits in the queue, in ms; undefined: not known yet. */
  lagMs(): number | undefined;
}

/**
 * Brings the feedback that waits in SQS into the stream, until it is stopped. A message is deleted only after it is stored. So it
 * may come twice, which its id shows, and is never lost: what cannot be stored stays in the queue.
 */
export function pollSqs(polling: SqsPolling): Polling {
  const { queueUrl, log, pollers = defaultPollers } = polling;
  const client = polling.client ?? createSqsClient(queueUrl);
  const lag = createQueueLag(pollers, hiddenSeconds * 1_000);
  const trouble = createTrouble(log);
  log.info({ queueUrl, pollers }, 'polling the feedback queue');
  const loops = Array.from({ length: pollers }, (_, poller) => poll({ ...polling, client, lag, trouble }, poller));
  const done = Promise.all(loops).then(() => {
    if (!polling.client) client.destroy();
  });
  return { done, lagMs: lag.lagMs };
}

interface PollDependencies extends SqsPolling {
  client: SQSClient;
  lag: QueueLag;
  trouble: Trouble;
}

async function poll(deps: PollDependencies, poller: number): Promise<void> {
  const { stop, trouble } = deps;
  while (!stop.aborted) {
    // While something is unavailable one poller tries, with one message: every delivery counts towards the limit at which the
    // queue gives a message up.
    if (trouble.failures() === 0 || poller === 0) {
      try {
        await takeBatch(deps, poller, trouble.failures() > 0 ? 1 : batchSize);
      } catch (error) {
        if (!stop.aborted) trouble.failed(error, poller);
      }
    }
    if (trouble.failures() > 0)
      await sleep(pauseMs(trouble.failures()), undefined, { signal: stop }).catch(() => undefined);
  }
}

/** What all pollers know of a failing queue or stream: it is logged once, and once when it is over. */
interface Trouble {
  failures(): number;
  failed(error: unknown, poller: number): void;
  /** A receive worked; `stored`: and a message could be stored. */
  worked(stored: boolean): void;
}

function createTrouble(log: SqsPolling['log']): Trouble {
  let failures = 0;
  let isStream = false;
  return {
    failures: () => failures,
    failed(error, poller) {
      if (failures === 0) log.error({ err: error }, 'feedback waits in the queue until what is away is back');
      if (failures === 0 || poller === 0) failures += 1; // those that failed side by side are one failure
      isStream = error instanceof NotStored;
    },
    worked(stored) {
      // An empty queue says nothing about the stream.
      if (failures === 0 || (isStream && !stored)) return;
      log.info({ failures }, 'feedback from the queue is taken in again');
      failures = 0;
    },
  };
}

/** A message could not be stored in the stream. */
class NotStored extends Error {}

/** Endpoint and region are those of the queue's URL, unless the AWS SDK's own variables say otherwise. */
export function createSqsClient(queueUrl: string): SQSClient {
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

/** One poll: receives, stores, deletes what is stored. Rejects when a message could not be stored, and when the queue fails. */
async function takeBatch(deps: PollDependencies, poller: number, size: number): Promise<void> {
  const messages = await receive(deps, poller, size);
  const kept = await Promise.all(messages.map((message) => keep(deps, message)));
  const stored = messages.filter((_, index) => kept[index] === 'stored');
  await deleteStored(deps.client, deps, stored).catch(countFailure(deps));
  const failed = kept.find((result) => result instanceof NotStored);
  if (failed) throw failed;
  deps.trouble.worked(stored.length > 0);
}

async function receive(deps: PollDependencies, poller: number, size: number): Promise<Message[]> {
  const { client, queueUrl, stop, lag, maxBytes, waitSeconds = longestPollSeconds } = deps;
  const received = lag.receive(poller);
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: size,
    WaitTimeSeconds: waitSeconds,
    VisibilityTimeout: hiddenSeconds,
    MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateFirstReceiveTimestamp', 'ApproximateReceiveCount'],
  });
  const { Messages: messages = [] } = await client.send(command, { abortSignal: stop }).catch(countFailure(deps));
  if (messages.length === 0 && waitSeconds > 0) received.empty();
  // One that can never be stored says nothing about how far the others have been read.
  else received.messages(messages.filter((message) => bytesOf(message).byteLength <= maxBytes()).map(ageOf));
  return messages;
}

function countFailure({ stop, count }: SqsPolling): (error: unknown) => never {
  return (error) => {
    if (!stop.aborted) count('queue_failed');
    throw error;
  };
}

function bytesOf({ Body: body = '' }: Message): Uint8Array {
  return new TextEncoder().encode(body);
}

/**
 * How long ago the message was written to the queue, in ms. By the clock of SQS alone where it is received for the first time; our
 * own clock may be wrong.
 */
function ageOf({ Attributes: attributes = {} }: Message): number {
  const [sent, first] = [attributes.SentTimestamp, attributes.ApproximateFirstReceiveTimestamp].map(Number);
  if (!sent) return Infinity; // not known: as if nothing had been read
  const isFirst = attributes.ApproximateReceiveCount === '1';
  return Math.max(0, (first || 0) - sent, isFirst ? 0 : Date.now() - sent);
}

/** Stores one message; an error when it could not be stored now. */
async function keep(
  { store, count, log, maxBytes, lag }: PollDependencies,
  message: Message,
): Promise<'stored' | 'too_large' | NotStored> {
  const bytes = bytesOf(message);
  if (bytes.byteLength > maxBytes()) {
    const facts = { sqsMessageId: message.MessageId, bytes: bytes.byteLength, maxBytes: maxBytes() };
    log.error(facts, 'a message in the feedback queue is too large; it is left to the redrive policy of the queue');
    count('too_large');
    return 'too_large';
  }
  const held = lag.hold(ageOf(message));
  try {
    await store(bytes);
    held.done();
    count('stored');
    return 'stored';
  } catch (error) {
    held.failed();
    count('store_failed');
    return new NotStored('a message could not be stored', { cause: error });
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
