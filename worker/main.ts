import { NativeConnection } from '@temporalio/worker';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

import type { SendSettings } from '../activities/dependencies.ts';
import { createActivities } from '../activities/index.ts';
import { createSesMailer } from '../activities/mailers/ses.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createHealthApp, listen } from '../runtime/health.ts';
import { createLog } from '../runtime/log.ts';
import { runMain, stopSignal, untilStopped } from '../runtime/stop-signal.ts';
import { connectTemporal, provisionTemporal, temporalConnectOptions } from '../runtime/temporal.ts';
import { createMemory, memorySettings } from '../state/memory.ts';
import { connectRedis, redisReady } from '../state/redis.ts';
import { loadCatalogue, TemplateError } from '../templates/catalogue.ts';
import { templatesNamedIn, workflowBundle } from './bundle.ts';
import { installRuntime } from './runtime.ts';
import { createWorkers } from './workers.ts';

/** Sends under way at once in one worker; each has its own socket. */
const sendConcurrency = 100;

/** The worker: runs journeys and sends their mails. Any number of these may run. */
await runMain(async () => {
  process.env['TZ'] = 'UTC'; // no local time of this machine may leak into a journey
  const { config, environment } = loadConfig(process.env);
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = environment;
  const log = createLog('worker', environment.LOG_LEVEL);
  const stop = stopSignal();
  installRuntime(log);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const catalogue = loadCatalogue(config.templates.dir, Object.keys(config.topics));
  const bundle = await workflowBundle();
  const unknown = templatesNamedIn(bundle).filter((name) => !catalogue.has(name));
  if (unknown.length > 0)
    throw new TemplateError(
      unknown.map((name) => `${name}: a journey sends it, but templates/names.ts does not name it`),
    );
  const redis = connectRedis(environment.REDIS_URL, (error) => log.debug({ err: error }, 'Redis connection'));
  const mailer = createSesMailer({
    configurationSet: config.provider.configuration_set,
    requestTimeoutMs: config.provider.request_timeout,
    concurrency: sendConcurrency,
  });
  const activities = createActivities({
    memory: createMemory(redis, memorySettings(config, environment)),
    catalogue,
    mailer,
    log,
    metrics: {
      sends: new Counter({
        name: 'rivulet_sends_total',
        help: 'Sends ended',
        labelNames: ['template', 'outcome'],
        registers: [registry],
      }),
    },
    settings: sendSettings(config),
  });

  // Health is served before anything is connected, so that "not ready" can be told apart from "dead".
  let temporalUp: (() => Promise<unknown>) | undefined;
  let working = false;
  const checks = {
    redis: () => redis.ping(),
    temporal: async () => (temporalUp ?? notYet)(),
    workers: async () => working || notYet(),
  };
  const http = await listen(createHealthApp(checks, registry), environment.HTTP_HOST, environment.HTTP_PORT ?? 8081);
  log.info({ url: http.url }, 'health is served');

  const client = await untilStopped(connectTemporal({ address, namespace }, log), stop);
  temporalUp = () =>
    client.withDeadline(Date.now() + 1_000, () => client.workflowService.describeNamespace({ namespace }));
  await provisionTemporal(client, namespace, !process.argv.includes('--no-provision'));
  await untilStopped(redisReady(redis), stop);
  const connection = await NativeConnection.connect(temporalConnectOptions({ address, namespace }));
  const workers = await createWorkers({ connection, namespace, workflowBundle: bundle, activities, sendConcurrency });

  stop.addEventListener('abort', () => workers.forEach((worker) => worker.shutdown()), { once: true });
  if (stop.aborted) return;
  working = true;
  log.info({ templates: [...catalogue.keys()], time_zone_data: process.versions['tz'] }, 'working');
  await Promise.all(workers.map((worker) => worker.run())).finally(() => (working = false));

  log.info('drained');
  await connection.close();
  await client.connection.close();
  mailer.close();
  redis.disconnect();
  await http.close();
});

function sendSettings({ provider, compliance }: Config): SendSettings {
  return {
    from: provider.from,
    consentNeeded: compliance.consent_check,
    settleAfterMs: provider.settle_after,
    backoffMs: provider.retry.backoff_ms,
    maxAttempts: provider.retry.max_attempts,
    probeEveryMs: provider.probe_every,
  };
}

function notYet(): never {
  throw new Error('not connected yet');
}
