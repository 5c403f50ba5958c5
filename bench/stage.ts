import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client, Connection, type ConnectionOptions } from '@temporalio/client';

import { createLog } from '../runtime/log.ts';
import { connectNats, type JetStream } from '../runtime/nats-connection.ts';
import { findServers, type ServerBinaries } from '../local/servers/find.ts';
import { type RunningServers, startServers } from '../local/servers/start-servers.ts';
import { temporaryFolder } from '../local/servers/temporary-folder.ts';
import { type ProcessName, type ProgramName, root } from './processes.ts';
import { createStarter } from './programs.ts';
import { startQueueRedis } from './queue-redis.ts';
import type { Requests } from './rpcs.ts';
import type { TlsFront } from './tls-front.ts';
import { type OneOf, startUnreliableTemporal, type UnreliableTemporal } from './unreliable-temporal.ts';

/** Temporal's own limits would be reached before anything of ours. */
export const temporalLimits = {
  'frontend.rps': '100000',
  'frontend.namespaceRPS': '100000',
  'matching.rps': '100000',
  'history.rps': '100000',
  // One shard has the timers of everybody: beyond so many that are due, it would put its queue aside and read it anew.
  'history.queuePendingTaskCriticalCount': '900000',
  'history.queuePendingTasksMaxCount': '1000000',
};
/** Events that the ingress takes in at once: the default, said here because the floor goes by it. */
export const ingressAtOnce = 100;
/** Mails per second: more than any machine can. */
export const unlimited = 100_000;
export const sesLatency = { ms: 50, jitter: 0.4 };

/** What a scenario needs. */
export interface Plan {
  /** In this order; the SES stand-in comes first, because a worker asks it for the account. */
  programs: readonly ProgramName[];
  /** In place of the file of `programs`. */
  files?: Partial<Record<ProgramName, string>>;
  /** Mails per second; without it, `unlimited`. */
  rateLimit?: number;
  /** Of the SES stand-in, in ms; without it, `sesLatency`. */
  sesLatencyMs?: number;
  /** What the worker reaches the SES stand-in through, in place of HTTP. */
  tls?: TlsFront;
  /** Of the provider's `settle_after`; without it, the default. */
  settleAfter?: string;
  /** Puts a proxy before Temporal that fails so many calls of the ingresses when it is told to. */
  failsOneOf?: OneOf;
  /** Whether the servers write to disk before they acknowledge, as with `npm start`. Default: false. */
  durable?: boolean;
  /** Other journeys than the product's: a bundle, as the text of a file. */
  journeys?: string;
}

/** Everything that is measured, each in a process of its own. */
export interface Stage {
  plan: Plan;
  binaries: ServerBinaries;
  servers: RunningServers;
  client: Client;
  /** What the bench has asked of Temporal so far beside starting runs. */
  own: () => Requests;
  stream: JetStream;
  /** Of RIVULET_SECRET, which the product's hashes are made with. */
  secret: string;
  urlOf: (program: ProgramName) => string;
  /** SIGKILL. */
  kill: (program: ProgramName) => void;
  /** The proxy before Temporal, where the plan has one. At first every call passes. */
  temporalFront?: UnreliableTemporal;
  queueRedisUrl: string;
  pids: Partial<Record<ProcessName, number>>;
  /** Rejects when a process ends by itself; never resolves. */
  broken: Promise<never>;
}

/** Sets everything up in a new folder, hands it to `use`, and takes it all down again, whatever happens. */
export async function onStage<T>(
  plan: Plan,
  interrupted: Promise<never>,
  use: (stage: Stage) => Promise<T>,
): Promise<T> {
  const folder = temporaryFolder('rivulet-bench-');
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const work = setUp(plan, folder, undo).then((stage) => Promise.race([use(stage), stage.broken]));
    return await Promise.race([work, interrupted]);
  } finally {
    for (const step of undo.toReversed()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => console.error(error));
    }
  }
}

async function setUp(plan: Plan, folder: string, undo: (() => unknown)[]): Promise<Stage> {
  const binaries = await findServers({ root, log: console.error });
  const servers = await startServers({
    dataDir: join(folder, 'data'),
    root,
    binaries,
    portPolicy: 'free',
    durable: plan.durable ?? false,
    temporalDynamicConfig: temporalLimits,
  });
  undo.push(() => servers.stop());
  const secret = randomBytes(32).toString('hex');
  const temporalFront =
    plan.failsOneOf && (await startUnreliableTemporal(servers.temporal.address, 1, plan.failsOneOf));
  temporalFront?.mend();
  undo.push(() => temporalFront?.close());
  const env = environmentOf(plan, folder, servers, secret);
  const starter = await createStarter(folder, plan, {
    ...env,
    ...(temporalFront && { TEMPORAL_ADDRESS: temporalFront.address }),
  });
  plan.tls?.forwardTo(starter.urlOf('ses'));
  undo.push(() => starter.end());
  const pids: Stage['pids'] = {
    temporal: servers.temporal.pid,
    nats: servers.nats.pid,
    redis: servers.redis.pid,
    postgres: servers.postgres.pid,
    bench: process.pid,
  };
  let queueRedisUrl = '';
  if (plan.programs.includes('queueWorker')) {
    const queueRedis = await startQueueRedis(binaries.redis, join(folder, 'queue'));
    undo.push(queueRedis.stop);
    ({ url: queueRedisUrl } = queueRedis);
    pids.queueRedis = queueRedis.pid;
  }
  for (const name of plan.programs) pids[name] = await starter.start(name, queueRedisUrl);

  const stream = await connectNats({ NATS_URL: servers.nats.url }, 'bench', createLog('bench', 'silent'));
  undo.push(() => stream.connection.close());
  const { connection, own } = await connectCounting(servers.temporal.address);
  undo.push(() => connection.close());
  return {
    plan,
    binaries,
    servers,
    client: new Client({ connection, namespace: servers.temporal.namespace }),
    own,
    stream,
    secret,
    urlOf: starter.urlOf,
    kill: starter.kill,
    ...(temporalFront && { temporalFront }),
    queueRedisUrl,
    pids,
    broken: Promise.race([
      starter.broken,
      servers.exited.then(({ name, lastLines }) => {
        throw new Error(`${name} ended by itself:\n${lastLines.join('\n')}`);
      }),
    ]),
  };
}

/** Nothing of the user's environment but the path: a profile or a key found there would change what is measured. */
function environmentOf(plan: Plan, folder: string, servers: RunningServers, secret: string): NodeJS.ProcessEnv {
  const config = join(folder, 'rivulet.yaml');
  const templates = { base_dir: join(root, 'templates') };
  const provider = {
    rate_limit: plan.rateLimit ?? unlimited,
    ...(plan.settleAfter !== undefined && { settle_after: plan.settleAfter }),
  };
  const queues = { marketing_events: { prefetch: ingressAtOnce } };
  writeFileSync(config, JSON.stringify({ provider, queues, templates }));
  const journeys = join(folder, 'journeys.js');
  if (plan.journeys !== undefined) writeFileSync(journeys, plan.journeys);
  const certificate = join(folder, 'ses.pem');
  if (plan.tls !== undefined) writeFileSync(certificate, plan.tls.certificate);
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    NODE_NO_WARNINGS: '1',
    NATS_URL: servers.nats.url,
    REDIS_URL: servers.redis.url,
    POSTGRES_URL: servers.postgres.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    RIVULET_CONFIG: config,
    RIVULET_SECRET: secret,
    ...(plan.journeys !== undefined && { RIVULET_WORKFLOW_BUNDLE: journeys }),
    ...(plan.tls !== undefined && { NODE_EXTRA_CA_CERTS: certificate }),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SES_LATENCY_MS: String(plan.sesLatencyMs ?? sesLatency.ms),
    SES_LATENCY_JITTER: String(sesLatency.jitter),
    SES_MAX_SEND_RATE: '100000',
    SES_MAX_24_HOUR_SEND: '-1',
    SES_MAX_MAILS: '100000',
  };
}

/** A connection that counts its calls. Starts are left out: where the bench starts runs, it stands for the ingress. */
async function connectCounting(address: string): Promise<{ connection: Connection; own: () => Requests }> {
  const calls: Requests = {};
  type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
  const count: Interceptor = (options, next) => {
    const operation = options.method_definition.path.split('/').at(-1) ?? '';
    if (operation !== 'StartWorkflowExecution') calls[operation] = (calls[operation] ?? 0) + 1;
    return next(options) as ReturnType<Interceptor>;
  };
  const connection = await Connection.connect({ address, interceptors: [count] });
  return { connection, own: () => ({ ...calls }) };
}
