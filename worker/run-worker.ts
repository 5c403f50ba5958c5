import { dirname } from 'node:path';

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

import type { ActivityDependencies, SendSettings } from '../activities/dependencies.ts';
import { createActivities } from '../activities/index.ts';
import { createLocalPace } from '../activities/local-pace.ts';
import { waitInActivity } from '../activities/wait.ts';
import { consentModel } from '../config/consent-model.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { sendingTimesOf } from '../config/sending-times.ts';
import { watchConfig } from '../config/watch.ts';
import { createHealthApp, listen } from '../runtime/health.ts';
import { createLinks } from '../runtime/links.ts';
import { createLog } from '../runtime/log.ts';
import { stopSignal, untilStopped } from '../runtime/stop-signal.ts';
import { cancelRun, connectTemporal, provisionTemporal } from '../runtime/temporal.ts';
import { createTokens } from '../runtime/tokens.ts';
import { claimsWaitForDisk, durabilityWarnings } from '../state/durability.ts';
import { createKeys } from '../state/keys.ts';
import { createMemory, memorySettings } from '../state/memory.ts';
import { connectRedis, redisReady, redisTakesWrites } from '../state/redis.ts';
import { agreeOnSecret, otherSecret } from '../state/secret.ts';
import { fromSource, workflowsFolder } from './bundle.ts';
import { publishFirst } from './first-templates.ts';
import { createFleet } from './fleet.ts';
import { takeUpSaves } from './live.ts';
import { followTemplates } from './live-templates.ts';
import { loadJourneys } from './load-journeys.ts';
import { createMailer } from './mailer.ts';
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
  const stop = stopSignal();
  installRuntime(log);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const tokens = createTokens({ secret: environment.RIVULET_SECRET, keys: config.links.keys });
  const links = createLinks({ publicUrl: environment.PUBLIC_URL, tokens, topics: Object.keys(config.topics) });
  const live = environment.RIVULET_LIVE === '1';
  const check = live && fromSource ? startSourceCheck(dirname(workflowsFolder)) : uncheckedSources;
  const bundle = await loadJourneys(environment.RIVULET_WORKFLOW_BUNDLE);

  // Health is served before anything is connected, so that "not ready" can be told apart from "dead".
  const redis = connectRedis(environment.REDIS_URL, (error) => log.debug({ err: error }, 'Redis connection'));
  let temporalUp: (() => Promise<unknown>) | undefined;
  let working = false;
  let watch: Watch | undefined;
  const checks = {
    redis: () => redisTakesWrites(redis, config.suppression.key_prefix),
    temporal: async () => (temporalUp ?? notYet)(),
    workers: async () => working || notYet(),
  };
  const health = createHealthApp(checks, registry, () => watch?.stops() ?? {});
  const http = await listen(health, environment.HTTP_HOST, environment.HTTP_PORT ?? 8081);
  log.info({ url: http.url }, 'health is served');

  const client = await untilStopped(connectTemporal({ address, namespace }, log), stop);
  temporalUp = () =>
    client.withDeadline(Date.now() + 1_000, () => client.workflowService.describeNamespace({ namespace }));
  const provision = !process.argv.includes('--no-provision');
  await provisionTemporal(client, namespace, provision);
  await untilStopped(redisReady(redis), stop);

  for (const warning of await durabilityWarnings(redis)) log.warn({ warning }, 'Redis may forget');
  const keys = createKeys(config.suppression.key_prefix, environment.RIVULET_SECRET);
  if (!(await agreeOnSecret(redis, keys))) log.error(otherSecret);
  const waitForDisk = await claimsWaitForDisk(redis);
  const memory = createMemory(redis, { ...memorySettings(config, environment), waitForDisk });
  const publishMissing = () => publishFirst(memory.templates, config, log);
  await publishMissing();
  const templates = await followTemplates(memory.templates, config.templates.cache_ttl, log, publishMissing);
  const mailer = createMailer(config, environment, memory.account, sendsAtOnce({ sendConcurrency }));
  const watching = (watch = watchProvider(memory, mailer, config.provider.probe_every, log));
  measure(registry, watching);
  const activities = createActivities(
    around({
      memory,
      templates,
      mailer,
      links,
      wait: waitInActivity,
      cancelRun: (workflowId, reason) => cancelRun(client, workflowId, reason),
      localPace: createLocalPace(config.provider.rate_limit, watching.workers),
      log,
      metrics: sendMetrics(registry),
      settings: sendSettings(config, watchConfig(process.env, config, log, stop)),
    }),
  );
  const connect = () => connectWorker({ address, namespace });
  const connection = await connect();
  const settings = { connection, namespace, workflowBundle: bundle, activities, sendConcurrency };
  const fleet = await createFleet(settings, connect, log);
  if (provision) await scheduleSuppressionSync(client, config, log);

  stop.addEventListener('abort', fleet.stop, { once: true });
  if (stop.aborted) return;
  working = true;
  log.info({ templates: templates.names(), time_zone_data: process.versions['tz'] }, 'working');
  const saves = live ? takeUpSaves({ config, versions: memory.templates, fleet, check }) : undefined;
  await fleet.run().finally(() => (working = false));

  log.info('drained');
  await saves?.close();
  templates.close();
  await watching.end();
  await connection.close();
  await client.connection.close();
  mailer.close();
  redis.disconnect();
  await http.close();
}

function sendSettings(config: Config, current: () => Config): SendSettings {
  const { provider, compliance, suppression, topics } = config;
  return {
    from: provider.from,
    topicTitles: Object.fromEntries(Object.entries(topics).map(([name, { title }]) => [name, title])),
    ...(provider.type === 'ses' && { configurationSet: provider.configuration_set }),
    consentModel: (country) => consentModel(compliance, country),
    sendingTimes: (journey, topic) => sendingTimesOf(current(), journey, topic),
    complaintsStop: suppression.complaints_stop,
    settleAfterMs: provider.settle_after,
    backoffMs: provider.retry.backoff_ms,
    maxAttempts: provider.retry.max_attempts,
    probeEveryMs: provider.probe_every,
  };
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
