import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { connectNats, type JetStream } from '../ingress/nats.ts';
import { findServers, type ServerBinaries } from '../local/servers/find.ts';
import { spawnGuarded, type Guarded } from '../local/servers/guarded.ts';
import { choosePorts } from '../local/servers/ports.ts';
import { startServers } from '../local/servers/start-servers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Temporal's own limits would be reached before anything of ours. */
export const temporalLimits = {
  'frontend.rps': '100000',
  'frontend.namespaceRPS': '100000',
  'matching.rps': '100000',
  'history.rps': '100000',
};
export const sesLatency = { ms: 50, jitter: 0.4 };

export const processNames = ['ingress', 'worker', 'temporal', 'nats', 'redis', 'ses', 'bench', 'floorWorker'] as const;
export type ProcessName = (typeof processNames)[number];

/** Everything that is measured, each in a process of its own. */
export interface Stage {
  binaries: ServerBinaries;
  client: Client;
  stream: JetStream;
  sesUrl: string;
  pids: Record<ProcessName, number>;
  /** Rejects when a process ends by itself; never resolves. */
  broken: Promise<never>;
}

/** Sets everything up in a new folder, hands it to `use`, and takes it all down again, whatever happens. */
export async function onStage<T>(use: (stage: Stage) => Promise<T>, interrupted: Promise<never>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const work = setUp(folder, undo).then((stage) => Promise.race([use(stage), stage.broken]));
    return await Promise.race([work, interrupted]);
  } finally {
    for (const step of undo.toReversed()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => console.error(error));
    }
  }
}

async function setUp(folder: string, undo: (() => unknown)[]): Promise<Stage> {
  const binaries = await findServers({ root, log: console.error });
  const servers = await startServers({
    dataDir: join(folder, 'data'),
    root,
    binaries,
    portPolicy: 'free',
    durable: false,
    temporalDynamicConfig: temporalLimits,
  });
  undo.push(() => servers.stop());
  const config = join(folder, 'rivulet.yaml');
  writeFileSync(
    config,
    JSON.stringify({ provider: { rate_limit: 100_000 }, templates: { base_dir: join(root, 'templates') } }),
  );
  const ports = await choosePorts({ ses: undefined, ingress: undefined, worker: undefined, floor: undefined }, 'free');
  const sesUrl = `http://127.0.0.1:${ports.ses}`;
  // Nothing of the user's environment but the path: a profile or a key found there would change what is measured.
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    NODE_NO_WARNINGS: '1',
    NATS_URL: servers.nats.url,
    REDIS_URL: servers.redis.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    RIVULET_CONFIG: config,
    RIVULET_SECRET: randomBytes(32).toString('hex'),
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SESV2: sesUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SES_LATENCY_MS: String(sesLatency.ms),
    SES_LATENCY_JITTER: String(sesLatency.jitter),
    SES_MAX_SEND_RATE: '100000',
    SES_MAX_24_HOUR_SEND: '-1',
  };
  const exits: Promise<never>[] = [servers.exited.then((exit) => fail(exit.name, exit.lastLines.join('\n')))];
  const start = async (file: string, port: number, ready?: string) => {
    const logFile = join(folder, `${port}.log`);
    const child = await run(file, { ...env, HTTP_PORT: String(port) }, logFile);
    let stopping = false;
    undo.push(() => {
      stopping = true;
      return child.end(30_000);
    });
    const exit = child.exited.then(() => (stopping ? new Promise<never>(() => {}) : fail(file, tail(logFile))));
    exit.catch(() => {});
    exits.push(exit);
    if (ready !== undefined) await Promise.race([becomeReady(`http://127.0.0.1:${port}${ready}`, logFile), exit]);
    return child.pid;
  };

  const ses = await start('local/ses/main.ts', ports.ses, '/api/stats');
  const worker = await start('worker/main.ts', ports.worker, '/readyz');
  const ingress = await start('ingress/main.ts', ports.ingress, '/readyz');
  // It has no health page: its warm-up waits for it.
  const floorWorker = await start('bench/floor-worker.ts', ports.floor);
  const stream = await connectNats(servers.nats.url, 'bench');
  undo.push(() => stream.connection.close());
  const connection = await Connection.connect({ address: servers.temporal.address });
  undo.push(() => connection.close());
  return {
    binaries,
    client: new Client({ connection, namespace: servers.temporal.namespace }),
    stream,
    sesUrl,
    pids: {
      ingress,
      worker,
      temporal: servers.temporal.pid,
      nats: servers.nats.pid,
      redis: servers.redis.pid,
      ses,
      bench: process.pid,
      floorWorker,
    },
    broken: Promise.race(exits),
  };
}

/** Its output goes to a file: reading it here would be counted as work of the bench. */
async function run(file: string, env: NodeJS.ProcessEnv, logFile: string): Promise<Guarded> {
  const output = openSync(logFile, 'a');
  try {
    return await spawnGuarded({ command: process.execPath, args: ['--import', 'tsx', file], env, cwd: root, output });
  } finally {
    closeSync(output);
  }
}

async function becomeReady(url: string, logFile: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const reply = await fetch(url).catch(() => undefined);
    if (reply?.status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url} was not ready within 60 s:\n${tail(logFile)}`);
  }
}

function fail(name: string, said: string): never {
  throw new Error(`${name} ended by itself:\n${said}`);
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
}
