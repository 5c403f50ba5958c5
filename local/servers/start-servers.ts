import { join, resolve } from 'node:path';
import { writeFileSync } from 'node:fs';
import { lockData } from './data-lock.ts';
import type { DataLock } from './data-lock.ts';
import { ServerFailed } from './errors.ts';
import { findServers } from './find.ts';
import type { ServerBinaries } from './find.ts';
import { nats } from './nats.ts';
import { choosePorts } from './ports.ts';
import type { PortPolicy } from './ports.ts';
import { redis } from './redis.ts';
import { serverProcess } from './server-process.ts';
import type { Server, ServerExit, ServerRecipe } from './server-process.ts';
import { namespace, temporal } from './temporal.ts';
import type { ServerName } from './wheels.ts';

/**
 * The ports that health is asked at have no usual number: an answer there can only be our own server's, even when two
 * projects start at the same moment.
 */
const preferredPorts = {
  nats: 4222,
  natsMonitor: undefined,
  redis: 6379,
  temporal: 7233,
  temporalUi: 8233,
  temporalHttp: undefined,
  temporalMetrics: undefined,
};
export type ServerPort = keyof typeof preferredPorts;
type Ports = Record<ServerPort, number>;

const portsOf: Record<ServerName, ServerPort[]> = {
  nats: ['nats', 'natsMonitor'],
  redis: ['redis'],
  temporal: ['temporal', 'temporalUi', 'temporalHttp', 'temporalMetrics'],
};

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
  /** Further dynamic configuration of Temporal; values are JSON. */
  temporalDynamicConfig?: Record<string, string>;
  log?: (line: string) => void;
}

export interface RunningServers {
  readonly nats: { url: string; monitorUrl: string; port: number; readonly pid: number };
  readonly redis: { url: string; port: number; readonly pid: number };
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
  /** The first server that dies by itself; never resolves otherwise. */
  exited: Promise<ServerExit>;
  /** Stops all. The data stays. */
  stop(): Promise<void>;
}

/** Starts NATS, Redis and Temporal on loopback and returns when all three are healthy. They die with this process. */
export async function startServers(options: StartServersOptions): Promise<RunningServers> {
  const dataDir = resolve(options.dataDir);
  const binaries = options.binaries ?? (await findServers(options));
  const lock = await lockData(dataDir);
  try {
    return await startLocked(options, dataDir, binaries, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  options: StartServersOptions,
  dataDir: string,
  binaries: ServerBinaries,
  lock: DataLock,
): Promise<RunningServers> {
  const policy = options.portPolicy ?? 'preferred-else-free';
  const ports = await choosePorts<ServerPort>({ ...preferredPorts, ...options.ports }, policy);
  const { durable, temporalDynamicConfig: dynamicConfig = {} } = options;
  const recipes: Record<ServerName, (ports: Ports) => ServerRecipe> = {
    nats: (at) => nats({ binary: binaries.nats, dataDir, port: at.nats, monitorPort: at.natsMonitor, durable }),
    redis: (at) => redis({ binary: binaries.redis, dataDir, port: at.redis, durable }),
    temporal: (at) => temporal({ ...temporalPorts(at), binary: binaries.temporal, dataDir, durable, dynamicConfig }),
  };

  const pids = new Map<ServerName, number>();
  let tellExit: (exit: ServerExit) => void = () => {};
  const exited = new Promise<ServerExit>((resolved) => (tellExit = resolved));
  const startOne = async (name: ServerName): Promise<Server> => {
    writeFileSync(join(dataDir, `${name}.log`), '');
    for (let attempt = 1; ; attempt++) {
      const server = serverProcess(recipes[name](ports), tellExit, (pid) => {
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

  const servers = await startAll(startOne);
  return {
    nats: {
      url: `nats://127.0.0.1:${ports.nats}`,
      monitorUrl: `http://127.0.0.1:${ports.natsMonitor}`,
      port: ports.nats,
      get pid() {
        return servers.nats.pid;
      },
    },
    redis: {
      url: `redis://127.0.0.1:${ports.redis}`,
      port: ports.redis,
      get pid() {
        return servers.redis.pid;
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
        return servers.temporal.pid;
      },
    },
    server: (name) => servers[name],
    exited,
    async stop() {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
      lock.release();
    },
  };
}

function temporalPorts(at: Ports) {
  return { port: at.temporal, uiPort: at.temporalUi, httpPort: at.temporalHttp, metricsPort: at.temporalMetrics };
}

async function freePortsFor(name: ServerName): Promise<Partial<Ports>> {
  const names = portsOf[name];
  return choosePorts(Object.fromEntries(names.map((port) => [port, undefined])), 'free');
}

/** All at once; when one fails, the others are stopped before the failure is told. */
async function startAll(startOne: (name: ServerName) => Promise<Server>): Promise<Record<ServerName, Server>> {
  const starting = [startOne('nats'), startOne('redis'), startOne('temporal')] as const;
  try {
    const [natsServer, redisServer, temporalServer] = await Promise.all(starting);
    return { nats: natsServer, redis: redisServer, temporal: temporalServer };
  } catch (error) {
    for (const outcome of await Promise.allSettled(starting)) {
      if (outcome.status === 'fulfilled') await outcome.value.stop();
    }
    throw error;
  }
}
