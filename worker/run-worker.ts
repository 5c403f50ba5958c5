import { dirname } from 'node:path';

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

import type { ActivityDependencies } from '../activities/dependencies.ts';
import { withErrorBoundary } from '../activities/error-boundary.ts';
import { createActivities } from '../activities/index.ts';
import { attemptOfTemporal } from '../activities/attempt.ts';
import { createProviderHealth } from '../activities/provider-health.ts';
import { sendSettings } from '../activities/send-settings.ts';
import { waitInActivity } from '../activities/wait.ts';
import { loadConfig } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { loadDataConverter } from '../runtime/data-converter.ts';
import { createHealthApp, listen } from '../runtime/health.ts';
import { createLinks } from '../runtime/links.ts';
import { createLog } from '../runtime/log.ts';
import { reportNodeVersion } from '../runtime/node-version.ts';
import { openRecord, recordSettings } from '../runtime/record.ts';
import { openRedis } from '../runtime/redis.ts';
import { stopSignal, untilStopped } from '../runtime/stop-signal.ts';
import { cancelRun, connectTemporal, openNamespace } from '../runtime/temporal.ts';
import { createTokens } from '../runtime/tokens.ts';
import { untilAvailable } from '../runtime/until-available.ts';
import { watchCredentials } from '../runtime/watch-credentials.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { createInstallation } from '../store/postgres/installation.ts';
import { postgresServer } from '../store/postgres/settings.ts';
import { takesWrites } from '../store/postgres/server.ts';
import { connectRedis, redisTakesWrites } from '../store/redis/connect.ts';
import { redisServer } from '../store/redis/settings.ts';
import { createStore, storeSettings } from '../store/store.ts';
import { fromSource, workflowsFolder } from './bundle.ts';
import { publishFirst } from './first-templates.ts';
import { createFleet } from './fleet.ts';
import { takeUpSaves } from './live.ts';
import { followTemplates } from './live-templates.ts';
import { bundleJourneys, loadJourneys } from './load-journeys.ts';
import { createMailer } from './mailer.ts';
import { keepRecord } from './keep-record.ts';
import { installRuntime } from './runtime.ts';
import { scheduleSuppressionSync } from './schedules.ts';
import { startSourceCheck, uncheckedSources } from './source-check.ts';
import { connectWorker } from './temporal-connection.ts';
import { type Watch, watchProvider } from './watch-provider.ts';
import { sendsAtOnce } from './workers.ts';

/** Sends under way at once on the queue of one worker. These and those in workflow turns each have a socket of their own. */
const sendConcurrency = 100;

/**
 * The worker: runs journeys and sends their mails. Any number of these may run. `around` wraps what its activities need
 * of the world; the chaos test passes one that dies at a chosen moment.
 */
export async function runWorker(around = (deps: ActivityDependencies) => deps): Promise<void> {
  process.env['TZ'] = 'UTC'; // no local time of this machine may leak into a journey
  const { config, environment } = loadConfig(process.env);
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = environment;
  const log = createLog('worker', environment.LOG_LEVEL);
  reportNodeVersion(log);
  const stop = stopSignal();
  installRuntime(log);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const live = environment.RIVULET_LIVE === '1';
  const check = live && fromSource ? startSourceCheck(dirname(workflowsFolder)) : uncheckedSources;
  const dataConverter = await loadDataConverter(environment.RIVULET_DATA_CONVERTER);
  const bundle = await loadJourneys(environment.RIVULET_WORKFLOW_BUNDLE, dataConverter);

  // Health is served before anything is connected, so that "not ready" can be told apart from "dead".
  const redis = connectRedis(redisServer(environment), (error) => log.debug({ err: error }, 'Redis connection'));
  const onError = (error: Error) => log.debug({ err: error }, 'Postgres connection');
  const postgres = connectPostgres({ ...postgresServer(environment), name: 'rivulet-worker', onError });
  let temporalUp: (() => Promise<unknown>) | undefined;
  let working = false;
  let watch: Watch | undefined;
  const checks = {
    postgres: () => takesWrites(postgres),
    redis: () => redisTakesWrites(redis, config.suppression.key_prefix),
    temporal: async () => (temporalUp ?? notYet)(),
    workers: async () => working || notYet(),
  };
  const health = createHealthApp(checks, registry, () => watch?.stops() ?? {});
  const http = await listen(health, environment.HTTP_HOST, environment.HEALTH_PORT ?? 8081, 'HEALTH_PORT');
  log.info({ url: http.url }, 'health is served');

  const provision = !process.argv.includes('--no-provision');
  await untilStopped(openRecord(postgres, recordSettings(config, environment, provision), log), stop);
  const identity = () => createInstallation(postgres).identity();
  const installation = await untilStopped(untilAvailable('postgres', identity, log), stop);
  const { RIVULET_SECRET: secret, RIVULET_SECRET_PREVIOUS: previous } = environment;
  const tokens = createTokens({ secret, previous, keys: config.links.keys, installation });
  const links = createLinks({
    publicUrl: environment.PUBLIC_URL,
    tokens,
    topics: Object.keys(config.topics),
    unsubscribeMailto: config.links.unsubscribe_mailto,
  });
  const client = await untilStopped(connectTemporal({ address, namespace, dataConverter }, log), stop);
  temporalUp = () =>
    client.withDeadline(Date.now() + 1_000, () => client.workflowService.describeNamespace({ namespace }));
  await untilStopped(openNamespace(client, namespace, provision, log), stop);
  await untilStopped(openRedis(redis, redisServer(environment), log), stop);

  const store = createStore({ postgres, redis }, storeSettings(config, environment));
  const { templates: versions } = store;
  const publishMissing = () => publishFirst(versions, config, log);
  const openTemplates = async () => {
    await publishMissing();
    return followTemplates(versions, config.templates.cache_ttl, log, publishMissing);
  };
  const templates = await untilStopped(untilAvailable('postgres', openTemplates, log), stop);
  const mailer = createMailer(config, environment, store.account, sendsAtOnce({ sendConcurrency }));
  const watching = (watch = watchProvider(store, mailer, config.provider.probe_every, log));
  measure(registry, watching);
  const activities = createActivities(
    around({
      store,
      templates,
      mailer,
      links,
      now: Date.now,
      wait: waitInActivity,
      cancelRun: (workflowId, reason) => cancelRun(client, workflowId, reason),
      attemptOf: attemptOfTemporal,
      health: createProviderHealth({ store, gate: watching.providerGate, log }),
      log,
      metrics: sendMetrics(registry),
      settings: sendSettings(config, watchConfig(process.env, config, log, stop)),
    }),
  );
  const keeping = provision ? keepRecord(recordSettings(config, environment, provision), log) : undefined;
  const registered = withErrorBoundary(activities, log);
  const connect = () => connectWorker({ address, namespace });
  const settings = { namespace, activities: registered, sendConcurrency, dataConverter };
  const fleet = await untilStopped(createFleet({ settings, bundle, connect, log }), stop);
  const credentials = watchCredentials({ address }, () => fleet.renewConnections(), log);
  if (provision) await scheduleSuppressionSync(client, config, log);

  stop.addEventListener('abort', fleet.stop, { once: true });
  if (stop.aborted) return;
  working = true;
  log.info({ templates: templates.names(), time_zone_data: process.versions['tz'] }, 'working');
  const saves = live
    ? takeUpSaves({ config, versions, fleet, check, bundle: () => bundleJourneys(dataConverter) })
    : undefined;
  await fleet.run().finally(() => (working = false));

  log.info('drained');
  credentials.stop();
  await saves?.close();
  templates.close();
  await watching.end();
  keeping?.end();
  await client.connection.close();
  mailer.close();
  redis.disconnect();
  await postgres.close();
  await http.close();
}

function sendMetrics(registry: Registry): ActivityDependencies['metrics'] {
  const registers = [registry];
  return {
    sends: new Counter({
      name: 'rivulet_sends_total',
      help: 'Sends ended',
      labelNames: ['template', 'outcome'],
      registers,
    }),
    duplicates: new Counter({
      name: 'rivulet_duplicates_total',
      help: 'Mails that the provider has taken twice',
      registers,
    }),
    suppressions: new Counter({
      name: 'rivulet_suppressions_total',
      help: 'Addresses suppressed, by reason',
      labelNames: ['reason'],
      registers,
    }),
    recipientFacts: new Counter({
      name: 'rivulet_recipient_facts_total',
      help: 'What came back about recipients, and what followed',
      labelNames: ['what'],
      registers,
    }),
  };
}

/** What holds mail back, and how fast it may leave: measured when somebody asks. */
function measure(registry: Registry, watch: Watch): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const now = value();
        if (now !== undefined) this.set(now);
      },
    });
  gauge('rivulet_gates_closed', 'Gates that hold mail back', () => watch.stops().gates.length);
  gauge('rivulet_pauses', 'Pauses that hold mail back', () => watch.stops().pauses.length);
  gauge('rivulet_mails_per_second_limit', 'Mails per second that may leave, over all workers', watch.perSecond);
}

function notYet(): never {
  throw new Error('not connected yet');
}
