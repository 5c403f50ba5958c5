import { join, resolve } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { lockData } from './data-lock.ts';
import type { DataLock } from './data-lock.ts';
import { ServerFailed } from './errors.ts';
import { findServers } from './find.ts';
import type { ServerBinaries } from './find.ts';
import { nats } from './nats.ts';
import type { PortPolicy } from './ports.ts';
import { database, postgres } from './postgres.ts';
import { asProductUser, redis } from './redis.ts';
import { createRestartDead } from './restart-dead.ts';
import { serverProcess } from './server-process.ts';
import type { Server, ServerExit, ServerRecipe } from './server-process.ts';
import { chooseServerPorts, freePortsFor, temporalPorts } from './server-ports.ts';
import type { ServerPort, ServerPorts } from './server-ports.ts';
import { namespace, temporal, temporalFolder } from './temporal.ts';
import type { ServerName } from './wheels.ts';

const serverNames: ServerName[] = ['nats', 'redis', 'postgres', 'temporal'];

export interface StartServersOptions {
  /** Everything the servers write, logs included. Kept between starts; one process at a time. */
  dataDir: string;
  /** Default `preferred-else-free`. */
  portPolicy?: PortPolicy;
  /** Other ports than the usual ones. */
  ports?: { [port in ServerPort]?: number | undefined };
  /** True: what was acknowledged survives a power cut. False, for tests: it survives the death of any process. */
  durable: boolean;
  /** The project's folder, where fetched servers are kept. Default: the working directory. */
  root?: string;
  /** When they are known already. */
  binaries?: ServerBinaries;
  /** A Postgres of the user's own: none is started then. */
  postgresUrl?: string | undefined;
  /** Whether a server that dies by itself is restarted. Default: it is reported. */
  restartDead?: boolean;
  /** Further dynamic configuration of Temporal; values are JSON. */
  temporalDynamicConfig?: Record<string, string>;
  log?: (line: string) => void;
}

export interface RunningServers {
  readonly nats: { url: string; monitorUrl: string; port: number; readonly pid: number };
  /** `url`: as the product's user. `adminUrl`: as a user who may do everything. */
  readonly redis: { url: string; adminUrl: string; port: number; readonly pid: number };
  /** The process id is 0 when it is the user's own server. */
  readonly postgres: { url: string; port: number; readonly pid: number };
  readonly temporal: {
    address: string;
    namespace: string;
    /** Of the namespace's list of runs. */
    uiUrl: string;
    /** The HTTP API. */
    httpUrl: string;
    metricsUrl: string;
    port: number;
    readonly pid: number;
  };
  /** One of them, to be killed, frozen or started again. */
  server(name: ServerName): Server;
  /** The first server that dies by itself, or cannot be kept running where it is restarted; never resolves otherwise. */
  exited: Promise<ServerExit>;
  /** Stops all. The data stays. */
  stop(): Promise<void>;
}

/** Starts NATS, Redis, Postgres and Temporal on loopback and returns when all are healthy. They die with this process. */
export async function startServers(options: StartServersOptions): Promise<RunningServers> {
  const dataDir = resolve(options.dataDir);
  const names = serverNames.filter((name) => name !== 'postgres' || !options.postgresUrl);
  const binaries = options.binaries ?? (await findServers({ ...options, names }));
  const lock = await lockData(dataDir);
  try {
    return await startLocked(options, { dataDir, names, binaries, lock });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Prepared {
  dataDir: string;
  names: ServerName[];
  binaries: ServerBinaries;
  lock: DataLock;
}

async function startLocked(options: StartServersOptions, prepared: Prepared): Promise<RunningServers> {
  const { dataDir, names, binaries, lock } = prepared;
  const policy = options.portPolicy ?? 'preferred-else-free';
  const { durable, root, log, postgresUrl, temporalDynamicConfig: dynamicConfig = {} } = options;
  const ports = await chooseServerPorts({ ...options.ports, ...(postgresUrl && { postgres: undefined }) }, policy);
  const recipes: Record<ServerName, (ports: ServerPorts) => ServerRecipe | Promise<ServerRecipe>> = {
    nats: (at) => nats({ binary: binaries.nats, dataDir, port: at.nats, monitorPort: at.natsMonitor, durable }),
    redis: (at) => redis({ binary: binaries.redis, dataDir, port: at.redis }),
    postgres: (at) => postgres({ binary: binaries.postgres, dataDir, port: at.postgres, durable, root, log }),
    temporal: (at) => temporal({ ...temporalPorts(at), binary: binaries.temporal, dataDir, durable, dynamicConfig }),
  };

  const pids = new Map<ServerName, number>();
  let tellExit: (exit: ServerExit) => void = () => {};
  const exited = new Promise<ServerExit>((resolved) => (tellExit = resolved));
  const stopping = new AbortController();
  const restart = createRestartDead({ log: log ?? (() => {}), giveUp: tellExit, stopping: stopping.signal });
  const startOne = async (name: ServerName): Promise<Server> => {
    writeFileSync(join(dataDir, `${name}.log`), '', { mode: 0o600 });
    // Histories are for nobody else on this machine; the server itself would let everybody read them.
    if (name === 'temporal') mkdirSync(temporalFolder(dataDir), { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt++) {
      const onExit = (exit: ServerExit) => (options.restartDead ? void restart(server, exit) : tellExit(exit));
      const server: Server = serverProcess(await recipes[name](ports), onExit, (pid) => {
        pids.set(name, pid);
        lock.record([...pids.values()]);
      });
      try {
        await server.start();
        return server;
      } catch (error) {
        const again = error instanceof ServerFailed && error.portTaken && policy !== 'exact' && attempt < 4;
        if (!again) throw error;
        options.log?.(`A port of ${name} was taken meanwhile; trying others.`);
        Object.assign(ports, await freePortsFor(name));
      }
    }
  };

  const servers = await startAll(names, startOne);
  const one = (name: ServerName) => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`${name} was not started here.`);
    return server;
  };
  return {
    nats: {
      url: `nats://127.0.0.1:${ports.nats}`,
      monitorUrl: `http://127.0.0.1:${ports.natsMonitor}`,
      port: ports.nats,
      get pid() {
        return one('nats').pid;
      },
    },
    redis: {
      url: asProductUser(`redis://127.0.0.1:${ports.redis}`),
      adminUrl: `redis://127.0.0.1:${ports.redis}`,
      port: ports.redis,
      get pid() {
        return one('redis').pid;
      },
    },
    postgres: {
      url: postgresUrl || `postgres://postgres@127.0.0.1:${ports.postgres}/${database}`,
      port: postgresUrl ? Number(new URL(postgresUrl).port || 5432) : ports.postgres,
      get pid() {
        return servers.get('postgres')?.pid ?? 0;
      },
    },
    temporal: {
      address: `127.0.0.1:${ports.temporal}`,
      namespace,
      uiUrl: `http://127.0.0.1:${ports.temporalUi}/namespaces/${namespace}/workflows`,
      httpUrl: `http://127.0.0.1:${ports.temporalHttp}`,
      metricsUrl: `http://127.0.0.1:${ports.temporalMetrics}/metrics`,
      port: ports.temporal,
      get pid() {
        return one('temporal').pid;
      },
    },
    server: one,
    exited,
    async stop() {
      stopping.abort();
      await Promise.all([...servers.values()].map((server) => server.stop()));
      lock.release();
    },
  };
}

/** All at once; when one fails, the others are stopped before the failure is told. */
async function startAll(
  names: ServerName[],
  startOne: (name: ServerName) => Promise<Server>,
): Promise<Map<ServerName, Server>> {
  const starting = names.map((name) => startOne(name));
  try {
    const started = await Promise.all(starting);
    return new Map(started.map((server) => [server.name, server]));
  } catch (error) {
    for (const outcome of await Promise.allSettled(starting)) {
      if (outcome.status === 'fulfilled') await outcome.value.stop();
    }
    throw error;
  }
}
