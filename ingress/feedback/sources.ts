import type { Hono } from 'hono';

import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../runtime/log.ts';
import type { IngressMetrics } from '../metrics.ts';
import type { JetStream } from '../nats.ts';
import { pollSqs } from './poll-sqs.ts';
import { addSnsEndpoint, createSnsConfirm } from './sns-endpoint.ts';
import { createSnsVerifier } from './sns-signature.ts';
import { storeFeedback } from './store.ts';

interface SourceDependencies {
  metrics: Pick<IngressMetrics, 'feedbackSources'>;
  log: Logger;
}

/** The page that SNS posts to, where topics are allowed to; feedback is stored in the stream before it is answered. */
export function serveSns(
  app: Hono,
  { sns }: Config['feedback'],
  stream: () => JetStream,
  deps: SourceDependencies,
): void {
  if (sns.topics.length === 0) return;
  const { topics, signature_versions: signatureVersions, max_age: maxAgeMs } = sns;
  addSnsEndpoint(app, {
    verifier: createSnsVerifier({ topics, signatureVersions, maxAgeMs }),
    store: async (bytes) => storeFeedback(stream().js, bytes),
    confirm: createSnsConfirm(),
    count: (result) => deps.metrics.feedbackSources.inc({ source: 'sns', result }),
    log: deps.log,
  });
}

/** Room for headers below the largest message that NATS takes. */
const headerRoom = 8 * 1024;

/** An ingress that has just started knows nothing of the queue; nobody waits longer than an hour for the feed. */
const unknownLagMs = 3_600_000;

export interface Polling {
  /** Ends when it is told to stop. */
  done: Promise<void>;
  /** How old feedback may be that still waits in the queue, in ms. */
  lagMs(): number;
}

/** Polls the SQS queue, where one is configured. */
export function pollQueue(
  queueUrl: string | undefined,
  { js, connection }: JetStream,
  { metrics, log }: SourceDependencies,
  stop: AbortSignal,
): Polling {
  if (queueUrl === undefined) return { done: Promise.resolve(), lagMs: () => 0 };
  let caughtUpAt = Date.now() - unknownLagMs;
  const done = pollSqs({
    queueUrl,
    store: (bytes) => storeFeedback(js, bytes),
    count: (result) => metrics.feedbackSources.inc({ source: 'sqs', result }),
    caughtUp: () => (caughtUpAt = Date.now()),
    maxBytes: () => (connection.info?.max_payload ?? 1024 * 1024) - headerRoom,
    log,
    stop,
  });
  return { done, lagMs: () => Date.now() - caughtUpAt };
}
