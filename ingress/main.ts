import { parseArgs } from 'node:util';

import type { Client } from '@temporalio/client';

import { loadConfig } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { type Check, createHealthApp, listen } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { runMain, StartError, stopSignal, untilStopped } from '../runtime/stop-signal.ts';
import { connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import { createTokens } from '../runtime/tokens.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, memorySettings } from '../state/memory.ts';
import { connectRedis, redisReady, redisTakesWrites } from '../state/redis.ts';
import { agreeOnSecret, otherSecret } from '../state/secret.ts';
import { consume } from './consume.ts';
import { checkJourneySettings } from './entry/check-settings.ts';
import { createEntry } from './entry/enter.ts';
import { pollQueue, serveSns } from './feedback/sources.ts';
import { createTellRecipient } from './feedback/tell-recipient.ts';
import { tellFeedProgress } from './feed-progress.ts';
import { inOrder } from './in-order.ts';
import { createIngressMetrics } from './metrics.ts';
import { connectNats, type JetStream, provisionNats, publishEvent } from './nats.ts';
import { addPages } from './pages/index.ts';
import { isRunning } from './start-journey.ts';
import { takeIn } from './take-in.ts';

/** The ingress: events in from NATS, journeys started in Temporal. Any number of these may run. */
await runMain(async () => {
  const { values } = parseArgs({
    options: { provision: { type: 'boolean', default: true }, check: { type: 'boolean', default: false } },
    allowNegative: true,
  });
  const { config, environment } = loadConfig(process.env, checkJourneySettings);
  if (values.check) return; // the code loads and the configuration is right: `npm start` asks before it restarts us
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = environment;
  const log = createLog('ingress', environment.LOG_LEVEL);
  const stop = stopSignal();
  const metrics = createIngressMetrics();
  const redis = connectRedis(environment.REDIS_URL, (error) => log.debug({ err: error }, 'Redis connection'));
  const memory = createMemory(redis, memorySettings(config, environment));

  // Health is served before anything is connected, so that "not ready" can be told apart from "dead".
  const up: { client?: Client; stream?: JetStream } = {};
  const checks = {
    nats: async () => connected(up.stream).connection.rtt(),
    redis: () => redisTakesWrites(redis, config.suppression.key_prefix),
    temporal: async () => {
      const client = connected(up.client);
      await client.withDeadline(Date.now() + 1_000, () => client.workflowService.describeNamespace({ namespace }));
    },
  } satisfies Record<string, Check>;
  const app = createHealthApp(checks, metrics.registry);
  serveSns(app, config.feedback, () => connected(up.stream), { metrics, log });
  addPages(app, {
    memory,
    tokens: createTokens({ secret: environment.RIVULET_SECRET, keys: config.links.keys }),
    topics: config.topics,
    compliance: config.compliance,
    sender: config.provider.from,
    publicUrl: environment.PUBLIC_URL,
    publish: (event) => publishEvent(connected(up.stream), event),
    count: (page, result) => metrics.pages.inc({ page, result }),
    log,
  });
  const http = await listen(app, environment.HTTP_HOST, environment.HTTP_PORT ?? 8080);
  log.info({ url: http.url }, 'health is served');

  const client = (up.client = await untilStopped(connectTemporal({ address, namespace }, log), stop));
  const retention = await provisionTemporal(client, namespace, values.provision);
  const { prefetch, name, dlq, max_age } = config.queues.marketing_events;
  refuseToOutliveRuns(max_age, retention, namespace);
  await untilStopped(redisReady(redis), stop);
  const keys = createKeys(config.suppression.key_prefix, environment.RIVULET_SECRET);
  if (!(await agreeOnSecret(redis, keys))) log.error(otherSecret);
  const stream = (up.stream = await untilStopped(connectNats(environment.NATS_URL, 'ingress'), stop));
  const settings = { events: name, deadLetters: dlq, maxAgeMs: max_age, maxAckPending: Math.max(1_000, prefetch * 8) };
  if (values.provision) await provisionNats(stream, settings);

  // A connection that has ended for good is beyond repair here: end, and let whoever runs us start us again.
  const lost = stream.connection.closed().then((error) => {
    if (!stop.aborted) throw error ?? new Error('the NATS connection was closed');
  });
  const maxPayload = () => stream.connection.info?.max_payload ?? 1024 * 1024;
  const deps = {
    client,
    js: stream.js,
    maxPayload,
    memory,
    inOrder: inOrder(),
    entry: createEntry({
      memory,
      config: watchConfig(process.env, config, log, stop, checkJourneySettings),
      isRunning: (workflowId, since) => isRunning(client, workflowId, since),
    }),
    tellRecipient: createTellRecipient(client),
    log,
    metrics,
  };
  const consuming = consume({
    stream,
    settings,
    concurrency: prefetch,
    provision: values.provision,
    takeIn: (message) => takeIn(deps, message),
    probe: () => Promise.all([checks.redis(), checks.temporal()]),
    onPause: () => metrics.pauses.inc(),
    log,
    stop,
  });
  const queueUrl = environment.FEEDBACK_QUEUE_URL ?? config.feedback.sqs.queue_url;
  const polling = pollQueue(queueUrl, stream, { metrics, log }, stop);
  const telling = tellFeedProgress(stream, name, memory.sends, log, stop, polling.lagMs);
  await Promise.race([Promise.all([consuming, telling, polling.done]), lost.then(() => consuming)]);

  log.info('drained');
  await stream.connection.drain();
  await http.close();
  redis.disconnect();
  await client.connection.close();
});

function connected<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('not connected yet');
  return thing;
}

/** De-duplication ends where Temporal forgets a run: an event that is still there then would mail again. */
function refuseToOutliveRuns(maxAgeMs: number, retentionMs: number, namespace: string): void {
  if (maxAgeMs < retentionMs) return;
  const hours = (ms: number) => `${ms / 3_600_000} h`;
  throw new StartError(
    `queues.marketing_events.max_age (${hours(maxAgeMs)}) must be shorter than the retention of the Temporal namespace ` +
      `"${namespace}" (${hours(retentionMs)}): an event that outlives its run could mail twice.`,
  );
}
