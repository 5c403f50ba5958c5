import { join } from 'node:path';
import { grpcServes } from './grpc-health.ts';
import type { ServerRecipe } from './server-process.ts';

export const namespace = 'rivulet';
/** An event is known again for as long as its run is kept. The dev server makes namespaces that keep runs for one day. */
const retention = `${30 * 24 * 3600}s`;

export interface TemporalOptions {
  binary: string;
  dataDir: string;
  port: number;
  uiPort: number;
  httpPort: number;
  metricsPort: number;
  durable: boolean;
  /** Further dynamic configuration; values are JSON. */
  dynamicConfig?: Record<string, string>;
}

/** Values are JSON. */
const dynamicConfig: Record<string, string> = {
  // The dev server's queue readers poll at most 20 times a second, which makes every task wait up to 50 ms.
  'history.transferProcessorMaxPollRPS': '10000',
  'history.timerProcessorMaxPollRPS': '10000',
  'history.visibilityProcessorMaxPollRPS': '10000',
  'history.outboundProcessorMaxPollRPS': '10000',
  // One partition: exact order and exact rates.
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  // Months in milliseconds for the workflows that ask for it.
  // Newer servers call the switch by the second name, and ignore the first.
  'frontend.WorkflowTimeSkippingEnabled': 'true',
  'system.workflowTimeSkippingEnabled': 'true',
  'history.timerProcessorMaxTimeShift': '"1ms"',
  // A run whose code throws is found by `doctor`, and listed in the UI under Task Failures, after the second attempt, not the fifth.
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': '2',
};

/** Temporal's development server on a SQLite file. */
export function temporal(options: TemporalOptions): ServerRecipe {
  const api = `http://127.0.0.1:${options.httpPort}/api/v1/namespaces/${namespace}`;
  return {
    name: 'temporal',
    binary: options.binary,
    args: temporalArgs(options),
    // Together with --ui-disable-news-fetch: nothing calls out.
    env: { TEMPORAL_VERSION_CHECK_DISABLED: '1' },
    logFile: join(options.dataDir, 'temporal.log'),
    healthy: async () => (await grpcServes(options.port)) && (await fetch(api, timeLimit())).ok,
    afterStart: () => keepRunsFor(retention, api),
  };
}

/** The folder of its SQLite files. */
export function temporalFolder(dataDir: string): string {
  return join(dataDir, 'temporal');
}

function temporalArgs(options: TemporalOptions): string[] {
  const dynamic = Object.entries({ ...dynamicConfig, ...options.dynamicConfig });
  return [
    ['server', 'start-dev', '--log-level', 'warn'],
    ['--ip', '127.0.0.1', '--port', String(options.port)],
    ['--ui-ip', '127.0.0.1', '--ui-port', String(options.uiPort), '--ui-disable-news-fetch'],
    ['--http-port', String(options.httpPort), '--metrics-port', String(options.metricsPort)],
    ['--db-filename', join(temporalFolder(options.dataDir), 'temporal.db'), '--sqlite-pragma', 'journal_mode=WAL'],
    // OFF still survives the death of any process; only FULL survives the death of the machine.
    ['--sqlite-pragma', `synchronous=${options.durable ? 'FULL' : 'OFF'}`],
    ['--namespace', namespace],
    ['--search-attribute', 'UserId=Keyword', '--search-attribute', 'EventType=Keyword'],
    ...dynamic.map(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ].flat();
}

async function keepRunsFor(time: string, api: string): Promise<void> {
  const body = JSON.stringify({ config: { workflowExecutionRetentionTtl: time } });
  const response = await fetch(`${api}/update`, { method: 'POST', body, ...timeLimit() });
  if (!response.ok) throw new Error(`Temporal refused the retention of ${namespace}: ${await response.text()}`);
}

const timeLimit = () => ({ signal: AbortSignal.timeout(5000) });
