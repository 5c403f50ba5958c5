import { randomUUID } from 'node:crypto';

import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';

import type { Config } from '../../config/schema.ts';
import { createEntry } from '../../ingress/entry/enter.ts';
import { createIngressMetrics } from '../../ingress/metrics.ts';
import type { Probe } from '../../ingress/probe.ts';
import { createRetries, type RetryPolicy } from '../../ingress/retries.ts';
import { runLanes } from '../../ingress/run-lanes.ts';
import { createLog } from '../../runtime/log.ts';
import type { Postgres } from '../../store/postgres/connect.ts';
import type { Redis } from '../../store/redis/connect.ts';
import { createStore, type Store } from '../../store/store.ts';
import { type OwnNats, streamSettings } from './own-nats.ts';

/** What Temporal answers to one call, by workflow id. Throws what the server would. */
export interface FakeTemporal {
  start(workflowId: string, userId: string): Promise<void>;
  signal(workflowId: string, name: string): Promise<void>;
}

export interface IngressScene {
  store: Store;
  /** Runs that were started, in order. */
  started: string[];
  /** `<run> <- <signal>`, in order. */
  signalled: string[];
  /** How many of this metric were counted, over all labels that contain these. */
  counted(metric: string, labels?: object): Promise<number>;
  stop(): Promise<void>;
}

export interface SceneOptions {
  nats: OwnNats;
  servers: { postgres: Postgres; redis: Redis };
  prefetch?: number;
  temporal?: Partial<FakeTemporal>;
  policy?: Partial<RetryPolicy>;
  probe?: Probe;
  /** What rivulet.yaml says of events. */
  events?: Config['events'];
}

/** An ingress in this process: real NATS and Postgres, and as much of Temporal as it asks for. */
export function ingressScene(options: SceneOptions): IngressScene {
  const { nats, servers, prefetch = 20, temporal = {}, policy, probe = async () => {} } = options;
  const settings = { keyPrefix: `lanes-${randomUUID()}:`, secret: 'ab'.repeat(32), rateLimit: 1, quotaReserve: 0 };
  const store = createStore(servers, settings);
  const [started, signalled] = [[] as string[], [] as string[]];
  const runs = new Set<string>();
  const client = {
    withDeadline: (_: number, call: () => unknown) => call(),
    workflow: {
      start: async (name: string, { workflowId, args }: { workflowId: string; args: [{ user_id: string }] }) => {
        await temporal.start?.(workflowId, args[0].user_id);
        if (runs.has(workflowId)) throw new WorkflowExecutionAlreadyStartedError('there', workflowId, name);
        runs.add(workflowId);
        started.push(workflowId);
      },
      getHandle: (id: string) => ({
        signal: async (name: string) => {
          await temporal.signal?.(id, name);
          if (temporal.signal === undefined && !runs.has(id)) throw new WorkflowNotFoundError('gone', id, undefined);
          signalled.push(`${id} <- ${name}`);
        },
      }),
    },
  } as unknown as Client;
  const log = createLog('test', 'silent');
  const metrics = createIngressMetrics();
  const stop = new AbortController();
  const maxPayload = () => 1024 * 1024;
  const { stream } = nats;
  const running = runLanes({
    client,
    js: stream.js,
    maxPayload,
    store,
    config: () => ({
      events: options.events ?? {},
      topics: { onboarding: { title: 'Getting started' }, offers: { title: 'Offers' } },
    }),
    entry: createEntry({ store, config: () => ({ journeys: {} }), isRunning: async () => true }),
    tellRecipient: async () => {},
    reports: { add: () => {} },
    retries: createRetries(stream.js, maxPayload),
    policy: { failuresAtMost: 3, firstWaitMs: 20, longestWaitMs: 50, longestUnavailableMs: 50, ...policy },
    probe,
    log,
    metrics,
    stream,
    settings: streamSettings,
    prefetch,
    provision: true,
    onProcessed: () => {},
    stop: stop.signal,
  });
  return {
    store,
    started,
    signalled,
    async counted(metric, labels = {}) {
      const found = await metrics.registry.getSingleMetric(metric)?.get();
      const ofThese = (found?.values ?? []).filter((value) =>
        Object.entries(labels).every(([name, wanted]) => (value.labels as Record<string, unknown>)[name] === wanted),
      );
      return ofThese.reduce((sum, { value }) => sum + value, 0);
    },
    async stop() {
      stop.abort();
      await running;
    },
  };
}
