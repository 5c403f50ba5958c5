import { randomUUID } from 'node:crypto';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { headers } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';
import { Redis } from 'ioredis';
import { inject, onTestFailed } from 'vitest';

import { createLog } from '../../runtime/log.ts';
import { connectNats, type JetStream } from '../../runtime/nats-connection.ts';
import { connectTo } from './connect-to.ts';
import { natsLogin } from '../../local/servers/nats.ts';
import { choosePorts } from '../../local/servers/ports.ts';
import { asProductUser } from '../../local/servers/redis.ts';
import type { SesEvent } from '../../local/ses/feedback.ts';
import { subjectOf } from '../../local/ses/publish-feedback.ts';
import type { SesStandInOptions } from '../../local/ses/stand-in.ts';
import { startSesStandIn, type SesStandIn } from '../../local/ses/stand-in.ts';
import { createRedisKeys, type RedisKeys } from '../../store/redis/keys.ts';
import { connectPostgres, type Postgres } from '../../store/postgres/connect.ts';
import { createStore, type Store } from '../../store/store.ts';
import { compiledCli } from './compiled-cli.ts';
import { createDatabaseWithTemplates } from './database-with-templates.ts';
import { asRole, dropDatabase } from './database.ts';
import type { ServerUrls } from './global-setup.ts';
import { startOwnNats } from './own-nats.ts';
import { type Relay, startRelay } from './relay.ts';
import { workflowBundleIn } from './workflow-bundle.ts';
import { secret } from './secrets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Mails per second, where a test is not about the limit. */
const fast = 1_000;

/** One process of the product, as production runs it. */
export interface ProductProcess {
  /** Health and metrics. */
  url: string;
  /** What is behind links in emails; of an ingress. */
  pages: string;
  /** Everything it has logged. */
  output(): string;
  /** Resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export type Begun = (process: ProductProcess) => void;

interface Place extends ServerUrls {
  namespace: string;
  prefix: string;
}

/** How a command of an operator ended. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/**
 * A running system on the suite's servers, with a NATS, a namespace, a database and a prefix in Redis of its own, so that several
 * can run at once. The SES stand-in is in this process, so that a test can look into it.
 */
export interface System {
  ses: SesStandIn;
  stream: JetStream;
  client: Client;
  /** What the system remembers, to look into and to spoil. */
  redis: Redis;
  keys: RedisKeys;
  /** The same, as worker and ingress see it. */
  store: Store;
  /** The database of this system. */
  postgres: Postgres;
  /** Its Temporal namespace. */
  namespace: string;
  /** Where it finds its servers, and the prefix of its keys. */
  place: Place;
  publish(event: object, subject?: string): Promise<void>;
  publishBytes(bytes: Uint8Array | string, subject?: string, id?: string): Promise<number>;
  /** Resolves when it is ready. `begun` gets it before that. */
  startWorker(env?: Record<string, string>, begun?: Begun): Promise<ProductProcess>;
  startIngress(env?: Record<string, string>, begun?: Begun): Promise<ProductProcess>;
  /** Runs `rivulet <command>` as an operator does, whose machine does not know RIVULET_SECRET. */
  rivulet(command: string): Promise<Ran>;
  /** Whether ingress has taken in who this is. */
  contactKnown(userId: string): Promise<boolean>;
  /** Puts an address on the suppression list, as a complaint does. */
  complained(address: string): Promise<void>;
  /** A way to a server that a test can cut. */
  relayTo(server: keyof ServerUrls): Promise<Relay>;
  /** The same before any address, such as that of SES. */
  relayToAddress(address: string): Promise<Relay>;
  /** Stops workers and ingresses; the rest stays. */
  stopProcesses(): Promise<void>;
  stop(): Promise<void>;
}

/** What `deploy/image/assemble.mjs` has made, and the Node.js that runs it. */
export interface Image {
  folder: string;
  node: string;
}

export interface SystemOptions {
  ses?: SesStandInOptions;
  /** Mails per second; high unless the test is about the limit. */
  rateLimit?: number;
  settleAfter?: string;
  probeEvery?: string;
  /** How long one call to SES may take. */
  requestTimeout?: string;
  /** The section `journeys` of rivulet.yaml. */
  journeys?: object;
  /** The section `seeds`. */
  seeds?: string[];
  /** Whether SES tells what became of emails, or where. */
  feed?: boolean | ((event: SesEvent) => Promise<unknown>);
  /** A production image, unpacked, instead of this checkout. Its processes get an otherwise empty environment. */
  image?: Image;
  /** Another system, whose processes serve this one too: they share everything but their SES. */
  beside?: System;
}

export async function startSystem(servers: ServerUrls, options: SystemOptions = {}): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-system-'));
  const config = join(folder, 'rivulet.yaml');
  const { place, leave } = options.beside
    ? { place: options.beside.place, leave: async () => {} }
    : await takePlace(servers);
  const { namespace, prefix: keyPrefix } = place;
  writeFileSync(config, configFile(options, keyPrefix));
  const stream = await connectTo(place.nats);
  const feedback = await connectNats(natsLogin('ses-stand-in', place.nats), 'ses', createLog('ses', 'silent'));
  const ses = await startSesStandIn({
    feedbackDelayMs: 5,
    maxSendRate: options.rateLimit ?? fast,
    ...options.ses,
    onEvent: async (event) => {
      if (typeof options.feed === 'function') await options.feed(event);
      else if (options.feed !== false) await feedback.js.publish(subjectOf(event), JSON.stringify(event));
    },
  });
  const connection = await Connection.connect({ address: place.temporal, connectTimeout: '30s' });
  const redis = new Redis(place.redis);
  redis.on('error', () => undefined); // a test may take Redis away
  const postgres = connectPostgres({ url: place.postgres, connections: 4 });
  const keys = createRedisKeys(keyPrefix);
  const settings = {
    keyPrefix,
    secret,
    rateLimit: options.rateLimit ?? fast,
    quotaReserve: 0.1,
  };
  const store = createStore({ postgres, redis }, settings);
  const running = new Set<ProductProcess>();
  const relays: Relay[] = [];
  const stopProcesses = async () => {
    await Promise.all([...running].map((child) => child.stop()));
    running.clear();
  };

  const relayToAddress = async (address: string) => {
    const relay = await startRelay(address);
    relays.push(relay);
    return relay;
  };
  const variables = {
    NATS_URL: place.nats,
    REDIS_URL: asProductUser(place.redis),
    POSTGRES_URL: asRole(place.postgres, 'rivulet_app'),
    POSTGRES_MIGRATION_URL: asRole(place.postgres, 'rivulet_owner'),
    TEMPORAL_ADDRESS: place.temporal,
    TEMPORAL_NAMESPACE: namespace,
    RIVULET_CONFIG: config,
  };
  const start = async (file: string, extra: Record<string, string> = {}, begun: Begun = () => {}) => {
    const { health, pages } = await choosePorts({ health: undefined, pages: undefined }, 'free');
    const env = {
      ...(options.image ? {} : process.env),
      ...variables,
      RIVULET_SECRET: secret,
      HEALTH_PORT: String(health),
      HTTP_PORT: String(pages),
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_SESV2: ses.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      NODE_NO_WARNINGS: '1',
      ...extra,
    };
    const urls = { url: `http://127.0.0.1:${health}`, pages: `http://127.0.0.1:${pages}` };
    return startProcess({ file, image: options.image, env }, urls, (child) => {
      running.add(child);
      begun(child);
    });
  };
  const bundle = () => workflowBundleIn(inject('workflowBundle') ?? join(folder, 'workflow-bundle.js'));
  const publishBytes = async (bytes: Uint8Array | string, subject = 'marketing.events', id?: string) => {
    // Patient: a test that compiles templates holds up its own process for seconds, and with it the reply.
    const options = { timeout: 30_000, ...(id && { headers: headers(), msgID: id }) };
    const { seq } = await stream.js.publish(subject, bytes, options);
    return seq;
  };

  return {
    ses,
    stream,
    client: new Client({ connection, namespace }),
    redis,
    keys,
    store,
    postgres,
    namespace,
    place,
    publishBytes,
    publish: async (event, subject) => {
      const type = (event as { event_type: string }).event_type;
      await publishBytes(JSON.stringify(event), subject ?? `marketing.events.${type}`);
    },
    startWorker: async (env, begun) =>
      start(
        'dist/worker/main.js',
        { ...(!options.image && { RIVULET_WORKFLOW_BUNDLE: await bundle() }), ...env },
        begun,
      ),
    startIngress: (env, begun) => start('dist/ingress/main.js', { ...natsLogin('ingress', place.nats), ...env }, begun),
    contactKnown: async (userId) => (await store.contacts.find(userId)).email !== undefined,
    complained: async (address) => {
      const complaint = { reason: 'complaint', scope: 'all', since: Date.now(), source: 'test' } as const;
      await store.suppressions.add(store.addressHash(address), complaint);
    },
    rivulet: (command) =>
      options.image
        ? runInImage(options.image, command, {
            ...variables,
            ...natsLogin('cli-operator', place.nats),
            RIVULET_SECRET: secret,
          })
        : runCommand(command, { ...variables, ...natsLogin('cli-operator', place.nats), RIVULET_SECRET: '' }),
    relayTo: (server) => relayToAddress(addressOf(place[server])),
    relayToAddress,
    stopProcesses,
    async stop() {
      await stopProcesses();
      for (const relay of relays) relay.close();
      await ses.close();
      await feedback.connection.close();
      await stream.connection.close();
      await connection.close();
      redis.disconnect();
      await postgres.close();
      await leave();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Worker and ingress make the namespace, as on their first start anywhere. */
async function takePlace(servers: ServerUrls): Promise<{ place: Place; leave(): Promise<void> }> {
  const nats = await startOwnNats();
  const postgres = await createDatabaseWithTemplates(servers.postgres);
  const name = `system_${randomUUID().slice(0, 8)}`; // in Temporal's metrics a dash becomes an underscore
  return {
    place: { ...servers, nats: nats.url, postgres, namespace: name, prefix: `${name}:` },
    async leave() {
      await dropDatabase(postgres);
      const refused = nats.violations();
      await nats.stop();
      if (refused.length > 0) throw new Error(`Permissions are missing in deploy/nats:\n${refused.join('\n')}`);
    },
  };
}

/** `host:port` of a server's URL; Temporal has no more than that. */
function addressOf(server: string): string {
  return server.includes('://') ? new URL(server).host : server;
}

function configFile(
  {
    rateLimit = fast,
    settleAfter = '3m',
    probeEvery = '60s',
    requestTimeout = '2s',
    journeys = {},
    seeds = [],
  }: SystemOptions,
  prefix: string,
): string {
  return JSON.stringify({
    provider: {
      rate_limit: rateLimit,
      settle_after: settleAfter,
      probe_every: probeEvery,
      request_timeout: requestTimeout,
      retry: { backoff_ms: 100 },
    },
    templates: { base_dir: join(root, 'templates') },
    suppression: { key_prefix: prefix },
    journeys,
    seeds,
  });
}

function runCommand(command: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiledCli, ...command.split(' ')],
      { cwd: root, env: { ...process.env, ...env }, timeout: 30_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

/** Runs `rivulet <command>` as a container of the image does. */
export function runInImage({ folder, node }: Image, command: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      node,
      ['dist/cli/main.js', ...command.split(' ')],
      { cwd: folder, env, timeout: 30_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

interface ProductCommand {
  file: string;
  image: Image | undefined;
  env: NodeJS.ProcessEnv;
}

async function startProcess(
  { file, image, env }: ProductCommand,
  urls: Pick<ProductProcess, 'url' | 'pages'>,
  begun: Begun,
): Promise<ProductProcess> {
  const child = spawn(image?.node ?? process.execPath, [file], {
    cwd: image?.folder ?? root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  // Line by line: the two may not break into each other.
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => (output += `${line}\n`));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return exit;
  };
  const product: ProductProcess = {
    ...urls,
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
  tellWhenTestFails(file, () => output);
  begun(product);
  await ready(child, urls.url, () => output);
  return product;
}

/** What a process said last, where a test fails that has started it: the processes of CI are gone afterwards. */
function tellWhenTestFails(file: string, output: () => string): void {
  try {
    onTestFailed(() => {
      const last = output()
        .split('\n')
        .slice(-20)
        .map((line) => line.slice(0, 400));
      process.stdout.write(`${file} said last:\n  ${last.join('\n  ')}\n`);
    });
  } catch {
    // Started for a whole file, outside of any test.
  }
}

/** Waits for /readyz to say so; a process that dies first is told with all it said. */
async function ready(child: ChildProcess, url: string, output: () => string): Promise<void> {
  for (const deadline = Date.now() + 90_000; ; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}:\n${output()}`);
    if (Date.now() > deadline) throw new Error(`not ready within 90 s:\n${output()}`);
    const reply = await fetch(`${url}/readyz`).catch(() => undefined);
    if (reply?.status === 200) return;
  }
}
