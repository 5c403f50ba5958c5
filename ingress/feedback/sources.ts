import type { Hono } from 'hono';

import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../runtime/log.ts';
import type { IngressMetrics } from '../metrics.ts';
import type { JetStream } from '../../runtime/nats-connection.ts';
import { type Polling, pollSqs } from './poll-sqs.ts';
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
    store: async (bytes) => storeFeedback(stream(), bytes),
    confirm: createSnsConfirm(),
    count: (result) => deps.metrics.feedbackSources.inc({ source: 'sns', result }),
    log: deps.log,
  });
}

/** Room for headers below the largest message that NATS takes. */
const headerRoom = 8 * 1024;

/** Polls the SQS queue, where one is configured. */
export function pollQueue(
  queueUrl: string | undefined,
  stream: JetStream,
  { metrics, log }: SourceDependencies,
  stop: AbortSignal,
): Polling | undefined {
  if (queueUrl === undefined) return undefined;
  return pollSqs({
    queueUrl,
    store: (bytes) => storeFeedback(stream, bytes),
    count: (result) => metrics.feedbackSources.inc({ source: 'sqs', result }),
    maxBytes: () => (stream.connection.info?.max_payload ?? 1024 * 1024) - headerRoom,
    log,
    stop,
  });
}
