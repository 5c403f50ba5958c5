import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import { JetStreamApiError } from '@nats-io/jetstream';
import type { Client } from '@temporalio/client';

import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { watchConfig } from '../config/watch.ts';
import { loadDataConverter } from '../runtime/data-converter.ts';
import { type Check, createHealthApp, listen } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { connectNats, type JetStream, natsAccess } from '../runtime/nats-connection.ts';
import { reportNodeVersion } from '../runtime/node-version.ts';
import { openRecord, recordSettings } from '../runtime/record.ts';
import { openRedis } from '../runtime/redis.ts';
import { runMain, StartError, stopSignal, untilStopped } from '../runtime/stop-signal.ts';
import { connectTemporal, openNamespace } from '../runtime/temporal.ts';
import { createPublicApp } from '../runtime/public-app.ts';
import { createTokens } from '../runtime/tokens.ts';
import { untilAvailable } from '../runtime/until-available.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { postgresServer } from '../store/postgres/settings.ts';
import { takesWrites } from '../store/postgres/server.ts';
import { connectRedis, redisTakesWrites } from '../store/redis/connect.ts';
import { redisServer } from '../store/redis/settings.ts';
import { createStore, storeSettings } from '../store/store.ts';
import { checkJourneySettings } from './entry/check-settings.ts';
import { createEntry } from './entry/enter.ts';
import { pollQueue, serveSns } from './feedback/sources.ts';
import { createTellRecipient } from './feedback/tell-recipient.ts';
import { recordFeedProgress } from './feed-progress.ts';
import { createFeedReports } from './feed-reports.ts';
import { createIngressMetrics } from './metrics.ts';
import { deadLetterAgeMs, provisionNats, publishEvent } from './nats.ts';
import { addPages } from './pages/index.ts';
import { createProbe, historyAnswers } from './probe.ts';
import { createRetries, retryPolicy } from './retries.ts';
import { runLanes } from './run-lanes.ts';
import { isRunning } from './start-journey.ts';
import { sweepRunning } from './sweep-running.ts';
import { createLaneWatch } from './watch-lanes.ts';

/** The ingress: events in from NATS, journeys started in Temporal. Any number of these may run. */
await runMain(async () => {
  const { values } = parseArgs({
    options: { provision: { type: 'boolean', default: true }, check: { type: 'boolean', default: false } },
    allowNegative: true,
  });
  const { config, environment } = loadConfig(process.env, checkJourneySettings);
  if (values.check) return; // the code loads and the configuration is right: `npm start` asks before it restarts us
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = environment;
  natsAccess(environment); // credentials that cannot be read are reported now, not when the other servers have answered
  const log = createLog('ingress', environment.LOG_LEVEL);
  reportNodeVersion(log);
  const stop = stopSignal();
  const dataConverter = await loadDataConverter(environment.RIVULET_DATA_CONVERTER);
  const metrics = createIngressMetrics();
  const redis = connectRedis(redisServer(environment), (error) => log.debug({ err: error }, 'Redis connection'));
  const onError = (error: Error) => log.debug({ err: error }, 'Postgres connection');
  const postgres = connectPostgres({ ...postgresServer(environment), name: 'rivulet-ingress', onError });
  const store = createStore({ postgres, redis }, storeSettings(config, environment));

  // Health is served before anything is connected, so that "not ready" can be told apart from "dead".
  const up: { client?: Client; stream?: JetStream } = {};
  const checks = {
    nats: async () => connected(up.stream).connection.rtt(),
    postgres: () => takesWrites(postgres),
    redis: () => redisTakesWrites(redis, config.suppression.key_prefix),
    temporal: async () => {
      const client = connected(up.client);
      await client.withDeadline(Date.now() + 1_000, () => client.workflowService.describeNamespace({ namespace }));
    },
  } satisfies Record<string, Check>;
  const watch = createLaneWatch(metrics, log);
  const health = createHealthApp(checks, metrics.registry, () => ({ lanes: watch.states(), stalled: watch.stalled() }));
  const { HTTP_HOST, HTTP_PORT = 8080, HEALTH_PORT = 9080 } = environment;
  const http = await listen(health, HTTP_HOST, HEALTH_PORT, 'HEALTH_PORT');
  log.info({ url: http.url }, 'health is served');

  await untilStopped(openRecord(postgres, recordSettings(config, environment, values.provision), log), stop);
  const identity = () => createInstallation(postgres).identity();
  const installation = await untilStopped(untilAvailable('postgres', identity, log), stop);

  const app = createPublicApp();
  serveSns(app, config.feedback, () => connected(up.stream), { metrics, log });
  const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous } = environment;
  addPages(app, {
    store,
    tokens: createTokens({ secret, previous, keys: config.links.keys, installation }),
    topics: config.topics,
    compliance: config.compliance,
    sender: config.provider.from,
    publicUrl: environment.PUBLIC_URL,
    publish: async (event) => void (await publishEvent(connected(up.stream), event)),
    count: (page, result) => metrics.pages.inc({ page, result }),
    log,
  });
  const pages = await listen(app, HTTP_HOST, HTTP_PORT, 'HTTP_PORT');
  log.info({ url: pages.url }, 'pages are served');

  const client = (up.client = await untilStopped(connectTemporal({ address, namespace, dataConverter }, log), stop));
  const retention = await untilStopped(openNamespace(client, namespace, values.provision, log), stop);
  refuseToSendTwice(config, retention, namespace);
  const { prefetch, name, dlq, retries, max_age } = config.queues.marketing_events;
  await untilStopped(openRedis(redis, redisServer(environment), log), stop);
  const stream = (up.stream = await untilStopped(connectNats(environment, 'ingress', log), stop));
  const maxAckPending = Math.max(1_000, prefetch * 20); // more than all ingresses hold, those of one busy person included
  const settings = { events: name, deadLetters: dlq, retries, maxAgeMs: max_age, maxAckPending };
  const provision = () => provisionNats(stream, settings);
  // An answer of JetStream's is about the request: subjects that another stream has, for instance.
  const refused = (error: unknown) => error instanceof JetStreamApiError && error.status < 500;
  if (values.provision) await untilStopped(untilAvailable('nats', provision, log, refused), stop);

  await watch.countExpired(stream, settings).catch((error: unknown) => log.debug({ err: error }, 'lanes.unknown'));

  // A connection that has ended for good is beyond repair here: end, and let whoever runs us start us again.
  const lost = stream.connection.closed().then((error) => {
    if (!stop.aborted) throw error ?? new Error('the NATS connection was closed');
  });
  const runs = (workflowId: string, since: number) => isRunning(client, workflowId, since);
  const reports = createFeedReports(store.feed, log);
  const maxPayload = () => stream.connection.info?.max_payload ?? 1024 * 1024;
  const newest = watchConfig(process.env, config, log, stop, checkJourneySettings);
  const running = runLanes({
    client,
    js: stream.js,
    maxPayload,
    store,
    entry: createEntry({ store, config: newest, isRunning: runs }),
    config: newest,
    tellRecipient: createTellRecipient(client),
    reports,
    retries: createRetries(stream.js, maxPayload),
    policy: retryPolicy,
    // Redis is not asked: nothing that arrives needs it.
    probe: createProbe([checks.postgres, () => historyAnswers(client)]),
    log,
    metrics,
    stream,
    settings,
    prefetch,
    provision: values.provision,
    onProcessed: watch.processed,
    stop,
  });
  const queueUrl = environment.FEEDBACK_QUEUE_URL ?? config.feedback.sqs.queue_url;
  const polling = pollQueue(queueUrl, stream, { metrics, log }, stop);
  const { feed } = store;
  const lagBefore = polling?.lagMs ?? (() => 0);
  const ingress = randomUUID();
  const recording = recordFeedProgress({ stream, settings, feed, ingress, log, stop, lagBefore });
  const sweeping = sweepRunning({ client, running: store.running, isRunning: runs, log }, stop);
  const watching = watch.run(stream, settings, stop);
  const all = [running, recording, sweeping, watching, reports.run(stop), ...(polling ? [polling.done] : [])];
  await Promise.race([Promise.all(all), lost.then(() => running)]);
  // What a receive had just taken from the queue is hidden from others for a while; until then the lease stays.
  if (!polling) await feed.leave(ingress).catch((error: unknown) => log.debug({ err: error }, 'feed_progress.unknown'));

  log.info('drained');
  await stream.connection.drain();
  await Promise.all([pages.close(), http.close()]);
  redis.disconnect();
  await postgres.close();
  await client.connection.close();
});

function connected<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('not connected yet');
  return thing;
}

/**
 * Each thing that de-duplicates must outlive what it recognises: the runs outlive the events in the stream, and the ledger outlives
 * the runs, which can be reset, and the dead letters, which can be replayed.
 */
function refuseToSendTwice({ queues, provider }: Config, retention: number | undefined, namespace: string): void {
  const { max_age } = queues.marketing_events;
  const retentionMs = retention ?? 0; // where it cannot be read, the log has said so
  const ofNamespace = `the retention of the Temporal namespace "${namespace}" (${inHours(retentionMs)})`;
  if (retention !== undefined && max_age >= retention) {
    throw new StartError(
      `queues.marketing_events.max_age (${inHours(max_age)}) must be shorter than ${ofNamespace}: an event that outlives its run could mail twice.`,
    );
  }
  const rules: [string, number, string][] = [
    [ofNamespace, retentionMs, 'a run that is reset'],
    [
      `the age that dead letters reach (${inHours(deadLetterAgeMs)})`,
      deadLetterAgeMs,
      'a dead letter that is replayed',
    ],
  ];
  for (const [what, ms, again] of rules) {
    if (provider.remember_sends > ms) continue;
    throw new StartError(
      `provider.remember_sends (${inHours(provider.remember_sends)}) must be longer than ${what}: ${again} could mail twice.`,
    );
  }
}

function inHours(ms: number): string {
  return `${ms / 3_600_000} h`;
}
