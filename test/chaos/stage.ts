import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { inject } from 'vitest';

import type { Guarded } from '../../local/servers/guarded.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { type RunningServers, startServers } from '../../local/servers/start-servers.ts';
import { feedbackPublisher } from '../../local/ses/publish-feedback.ts';
import { type SesStandIn, startSesStandIn } from '../../local/ses/stand-in.ts';
import { secret } from '../support/system.ts';
import { workflowBundleIn } from '../support/workflow-bundle.ts';
import type { DeathNote } from './boundaries.ts';
import type { ChaosOptions, Death } from './plan.ts';
import { keepRunning, type Kept, launch, readyOrEnded, root } from './product-process.ts';

const mortalWorker = fileURLToPath(new URL('./mortal-worker.ts', import.meta.url));

export const keyPrefix = 'chaos:';
export const perSecond = 200;

/** Three servers of its own, SES in this process, and the processes of the product. */
export interface Stage {
  servers: RunningServers;
  ses: SesStandIn;
  ingress: Kept;
  /** Two mortal ones work beside it while things break. */
  worker: Kept;
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
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-chaos-'));
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (keepFolder: boolean) => {
    for (const end of ends.toReversed()) await end().catch((error: unknown) => console.error(error));
    ends.length = 0;
    if (!keepFolder) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const servers = await startServers({ dataDir: join(folder, 'servers'), portPolicy: 'free', durable: true, root });
    ends.push(() => servers.stop());
    const ses = await startSes(servers, options.feed, ends);
    const config = join(folder, 'rivulet.yaml');
    writeFileSync(config, configFile(options.settleAfter));
    const common = {
      ...environment(servers, ses.url),
      RIVULET_CONFIG: config,
      RIVULET_WORKFLOW_BUNDLE: await workflowBundleIn(inject('workflowBundle') ?? join(folder, 'workflow-bundle.js')),
    };

    const start = async (name: string, file: string, extra: Record<string, string> = {}) => {
      const { http } = await choosePorts({ http: undefined }, 'free');
      const env = { ...common, ...extra, HTTP_PORT: String(http) };
      const run = () => launch({ file, env, logFile: join(folder, `${name}.log`) });
      return { url: `http://127.0.0.1:${http}`, run };
    };
    const keep = async (name: string, file: string) => {
      const { url, run } = await start(name, file);
      const kept = keepRunning(url, run);
      ends.push(() => kept.stop());
      return kept;
    };

    const ingress = await keep('ingress', 'ingress/main.ts');
    const worker = await keep('worker', 'worker/main.ts');
    await Promise.all([ingress.ready(), worker.ready()]);
    let mortals = 0;
    return {
      folder,
      servers,
      ses,
      ingress,
      worker,
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

/** With the feed on, SES's events go to NATS as those of the shipped stand-in do: in order, and for as long as it takes. */
async function startSes(servers: RunningServers, feed: boolean, ends: (() => Promise<unknown>)[]): Promise<SesStandIn> {
  const publisher = feed ? feedbackPublisher(servers.nats.url, () => undefined) : undefined;
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

function environment(servers: RunningServers, sesUrl: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NATS_URL: servers.nats.url,
    REDIS_URL: servers.redis.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    RIVULET_SECRET: secret,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SESV2: sesUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    NODE_NO_WARNINGS: '1',
  };
}

function configFile(settleAfter: string): string {
  return JSON.stringify({
    provider: {
      rate_limit: perSecond,
      request_timeout: '2s',
      settle_after: settleAfter,
      probe_every: '1s',
      retry: { backoff_ms: 100 },
    },
    templates: { base_dir: join(root, 'templates') },
    suppression: { key_prefix: keyPrefix },
  });
}
