import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { inject } from 'vitest';

import type { Guarded } from '../../local/servers/guarded.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import type { Server } from '../../local/servers/server-process.ts';
import { type RunningServers, startServers } from '../../local/servers/start-servers.ts';
import { temporaryFolder } from '../../local/servers/temporary-folder.ts';
import { natsLogin } from '../../local/servers/nats.ts';
import { feedbackPublisher } from '../../local/ses/publish-feedback.ts';
import { natsAccess } from '../../runtime/nats-connection.ts';
import { type SesStandIn, startSesStandIn } from '../../local/ses/stand-in.ts';
import { type Standby, startStandby } from '../support/postgres-standby.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { secret } from '../support/secrets.ts';
import { workflowBundleIn } from '../support/workflow-bundle.ts';
import type { DeathNote } from './boundaries.ts';
import type { ChaosOptions, Death } from './plan.ts';
import { keepRunning, type Kept, launch, readyOrEnded, root } from './product-process.ts';
import { ingresses, type ProcessTarget, type ServerTarget, workers } from './targets.ts';
import { startUnreliableTemporal, type UnreliableTemporal } from '../../bench/unreliable-temporal.ts';
import { requestTimeoutMs } from './windows.ts';

const mortalWorker = 'dist/test/chaos/mortal-worker.js';

export const keyPrefix = 'chaos:';
export const perSecond = 200;

/** Servers of its own, SES in this process, and the processes of the product. */
export interface Stage {
  servers: RunningServers;
  /** Where the product finds Postgres: the same address before and after a failover. */
  postgresUrl: string;
  /** The one that is at work now. */
  server(name: ServerTarget): Server;
  /** Where the product finds Temporal. */
  temporal: UnreliableTemporal;
  wipeRedis(): Promise<void>;
  /** Makes a synchronous standby of Postgres, kills the primary and promotes the standby. */
  failOver(): Promise<void>;
  ses: SesStandIn;
  /** A mortal worker works beside these while things break. */
  process(name: ProcessTarget): Kept;
  /** How often any of these ended without being killed. */
  endedByThemselves(): number;
  /** A worker that dies at a boundary; resolves when it is ready, or dead already. */
  startMortal(death: Death): Promise<Mortal>;
  /** Ends everything; the folder stays when it may be needed to understand a failure. */
  stop(keepFolder: boolean): Promise<void>;
  folder: string;
}

export interface Mortal {
  process: Guarded;
  note(): DeathNote | undefined;
}

/** Starts all of it, and ends what has been started when something does not come up. */
export async function setStage(options: ChaosOptions & { settleAfter: string }): Promise<Stage> {
  const folder = temporaryFolder('rivulet-chaos-');
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (keepFolder: boolean) => {
    for (const end of ends.toReversed()) await end().catch((error: unknown) => console.error(error));
    ends.length = 0;
    if (!keepFolder) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const servers = await startServers({ dataDir: join(folder, 'servers'), portPolicy: 'free', durable: true, root });
    ends.push(() => servers.stop());
    const postgres = await switchable(servers);
    ends.push(() => postgres.stop());
    const temporal = await startUnreliableTemporal(servers.temporal.address, options.seed);
    ends.push(() => temporal.close());
    const ses = await startSes(servers, options.feed, ends);
    const config = join(folder, 'rivulet.yaml');
    writeFileSync(config, configFile(options.settleAfter));
    const common = {
      ...environment(servers, { postgres: postgres.url, temporal: temporal.address, ses: ses.url }),
      RIVULET_CONFIG: config,
      RIVULET_WORKFLOW_BUNDLE: await workflowBundleIn(inject('workflowBundle') ?? join(folder, 'workflow-bundle.js')),
    };

    const start = async (name: string, file: string, extra: Record<string, string> = {}) => {
      const { http } = await choosePorts({ http: undefined }, 'free');
      const env = { ...common, ...extra, HEALTH_PORT: String(http), HTTP_PORT: '0' };
      const run = () => launch({ file, env, logFile: join(folder, `${name.replace(' ', '-')}.log`) });
      return { url: `http://127.0.0.1:${http}`, run };
    };
    const keep = async (name: string, file: string) => {
      const { url, run } = await start(name, file);
      const kept = keepRunning(url, run);
      ends.push(() => kept.stop());
      return kept;
    };

    const processes = new Map<ProcessTarget, Kept>();
    for (const name of ingresses) processes.set(name, await keep(name, 'dist/ingress/main.js'));
    for (const name of workers) processes.set(name, await keep(name, 'dist/worker/main.js'));
    await Promise.all([...processes.values()].map((kept) => kept.ready()));
    let mortals = 0;
    return {
      folder,
      servers,
      postgresUrl: postgres.url,
      temporal,
      server: (name) => (name === 'postgres' ? postgres.server() : servers.server(name)),
      wipeRedis: () => wipe(servers.redis.adminUrl),
      failOver: () => postgres.failOver(),
      ses,
      process: (name) => processes.get(name)!,
      endedByThemselves: () => [...processes.values()].reduce((sum, { endedByItself }) => sum + endedByItself, 0),
      async startMortal({ boundary, nth }) {
        const name = `mortal-${++mortals}`;
        const noteFile = join(folder, `${name}.json`);
        const mortal = {
          RIVULET_CHAOS_BOUNDARY: boundary,
          RIVULET_CHAOS_NTH: String(nth),
          RIVULET_CHAOS_NOTE: noteFile,
        };
        const { url, run } = await start(name, mortalWorker, mortal);
        const process = await run();
        ends.push(() => process.end(0));
        await readyOrEnded(url, () => !process.running());
        const note = () =>
          existsSync(noteFile) ? (JSON.parse(readFileSync(noteFile, 'utf8')) as DeathNote) : undefined;
        return { process, note };
      },
      stop,
    };
  } catch (error) {
    await stop(true);
    throw error;
  }
}

/** Postgres at an address that leads to the standby once that is the primary. */
async function switchable({ postgres, server }: RunningServers) {
  const relay: Relay = await startRelay(new URL(postgres.url).host);
  const url = new URL(postgres.url);
  url.host = relay.address;
  let standby: Standby | undefined;
  return {
    url: url.href,
    server: () => standby?.server ?? server('postgres'),
    async failOver() {
      const next = await startStandby(postgres.url);
      await server('postgres').kill('SIGKILL');
      standby = next;
      await next.promote();
      relay.retarget(new URL(next.url).host);
    },
    async stop() {
      relay.close();
      await standby?.stop();
    },
  };
}

/** Tried until it is done: Redis may be frozen, or just starting. */
async function wipe(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', () => {});
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** With the feed on, SES's events go to NATS as those of the shipped stand-in do: in order, and for as long as it takes. */
async function startSes(servers: RunningServers, feed: boolean, ends: (() => Promise<unknown>)[]): Promise<SesStandIn> {
  const publisher = feed
    ? feedbackPublisher(natsAccess(natsLogin('ses-stand-in', servers.nats.url)), () => undefined)
    : undefined;
  if (publisher) ends.push(() => publisher.close());
  const ses = await startSesStandIn({
    latencyMs: 60,
    latencyJitter: 0.4,
    maxMails: 1_000,
    maxSendRate: perSecond,
    max24HourSend: -1,
    onEvent: (event) => publisher?.publish(event),
  });
  ends.push(() => ses.close());
  return ses;
}

function environment(
  servers: RunningServers,
  proxied: { postgres: string; temporal: string; ses: string },
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...natsLogin('ingress', servers.nats.url),
    REDIS_URL: servers.redis.url,
    POSTGRES_URL: proxied.postgres,
    TEMPORAL_ADDRESS: proxied.temporal,
    RIVULET_SECRET: secret,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SESV2: proxied.ses,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    NODE_NO_WARNINGS: '1',
  };
}

function configFile(settleAfter: string): string {
  return JSON.stringify({
    provider: {
      rate_limit: perSecond,
      request_timeout: `${requestTimeoutMs}ms`,
      settle_after: settleAfter,
      probe_every: '1s',
      retry: { backoff_ms: 100 },
    },
    templates: { base_dir: join(root, 'templates') },
    suppression: { key_prefix: keyPrefix },
  });
}
