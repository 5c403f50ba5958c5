import { Cluster, type ClusterOptions, Redis as Server, type RedisOptions } from 'ioredis';

import { type Credentials, connectionSettings, type ConnectionSettings, type RedisServer } from './settings.ts';

/** One server, the primary that Sentinels name, or a Cluster. */
export type Redis = Server | Cluster;

/** How long a command may take, in ms: longer means that Redis is unavailable. */
const commandMs = 2_000;

/** How often the slots of a Cluster are refreshed, in ms: the longest time until a failover is noticed. */
const slotsMs = 1_000;

const retryAfterMs = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000);

/**
 * Connects to Redis and keeps trying. While Redis is unavailable a command fails immediately: its caller knows what to do
 * then (an activity is retried), and nothing hangs. Each new connection reads certificates and password again. If they are
 * invalid, it reports that and uses the last valid ones. Throws a CredentialsError if there are none yet.
 */
export function connectRedis(server: RedisServer, onError: (error: Error) => void): Redis {
  const settings = connectionSettings(server);
  const current = keepCurrent(settings, onError);
  const redis = connect(settings, server, current);
  redis.on('error', (error: Error) => {
    lastErrors.set(redis, error);
    onError(error);
  });
  redis.on('ready', () => lastErrors.delete(redis));
  return redis;
}

const lastErrors = new WeakMap<Redis, Error>();

/** Why the last attempt to connect failed; undefined once connected. */
export function lastErrorOf(redis: Redis): Error | undefined {
  return lastErrors.get(redis);
}

function connect(settings: ConnectionSettings, server: RedisServer, current: () => Credentials): Redis {
  const { kind, nodes, db } = settings.address;
  const options = optionsOf(settings, current);
  if (kind === 'cluster') {
    const cluster = new Cluster(nodes, clusterOptions(options));
    cluster.on('+node', (node: Server) => {
      readAgain(node, current);
      // Otherwise its first command would connect it, and commands until then would be rejected.
      if (!node.options.readOnly) node.connect().catch(() => {}); // reported by its own events
    });
    return cluster;
  }
  let leaving = false;
  const redis = new Server({
    ...options,
    db,
    retryStrategy: retryAfterMs,
    // Once for all commands that were under way.
    reconnectOnError: (error: Error) => !leaving && (leaving = isElsewhere(error)),
    ...(kind === 'server' ? nodes[0] : sentinelOptions(settings, server, options.tls)),
  });
  redis.on('close', () => (leaving = false));
  readAgain(redis, current);
  return redis;
}

function optionsOf({ user }: ConnectionSettings, current: () => Credentials) {
  const { password, tls } = current();
  return {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    // A command whose reply was lost is not sent again behind our back; every caller repeats safely by itself.
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandMs,
    connectTimeout: commandMs,
    // A server that vanished without closing its connections would hold them for a quarter of an hour.
    socketTimeout: 2 * commandMs,
    // Keeps the required permissions minimal.
    disableClientInfo: true,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls: currentTls(current) }),
  } satisfies RedisOptions;
}

function sentinelOptions(
  { address: { nodes, name = '' } }: ConnectionSettings,
  { sentinelUser, sentinelPassword }: RedisServer,
  tls: RedisOptions['tls'],
) {
  return {
    sentinels: nodes,
    name,
    sentinelUsername: sentinelUser,
    sentinelPassword,
    sentinelCommandTimeout: commandMs,
    sentinelTLS: tls,
    enableTLSForSentinelMode: tls !== undefined,
    // Sentinels say when another server has become the primary.
    failoverDetector: true,
  } satisfies RedisOptions;
}

function clusterOptions(options: ReturnType<typeof optionsOf>) {
  // Nodes queue commands while they connect, until commandTimeout. The Cluster itself rejects commands while it is not connected.
  const { enableOfflineQueue, ...redisOptions } = options;
  return {
    redisOptions,
    enableOfflineQueue,
    clusterRetryStrategy: retryAfterMs,
    slotsRefreshInterval: slotsMs,
    slotsRefreshTimeout: commandMs,
    // Only MOVED, ASK and TRYAGAIN are followed: the command was not executed then. One whose connection broke may have been.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // Keeps the host name: certificates are issued for it, and each connection resolves it again.
    dnsLookup: (host, found) => found(null, host),
  } satisfies ClusterOptions;
}

/** Returns the current credentials, or the last valid ones. */
function keepCurrent({ credentials }: ConnectionSettings, onError: (error: Error) => void): () => Credentials {
  let last = credentials();
  return () => {
    try {
      last = credentials();
    } catch (error) {
      onError(error as Error);
    }
    return last;
  };
}

/** ioredis reads the password from its options whenever it connects. */
function readAgain(redis: Server, current: () => Credentials): void {
  const get = () => current().password;
  Object.defineProperty(redis.options, 'password', { get, enumerable: true, configurable: true });
}

/** Another connection to the same server. */
export function duplicateOf(server: Server, options: RedisOptions): Server {
  const duplicate = server.duplicate(options);
  const get = () => server.options.password;
  Object.defineProperty(duplicate.options, 'password', { get, enumerable: true, configurable: true });
  return duplicate;
}

/** The same for certificates: ioredis copies these properties whenever it connects, in this order. */
function currentTls(current: () => Credentials) {
  let read: Credentials['tls'];
  return {
    get ca() {
      read = current().tls;
      return read?.ca;
    },
    get cert() {
      return read?.cert;
    },
    get key() {
      return read?.key;
    },
  };
}

/**
 * Whether the primary may be at another address now: after a failover the old one may still answer, as a replica. Redis 6
 * puts its code inside a sentence when a script meets it: `ERR Error running script (...): -READONLY You can't write ...`.
 */
function isElsewhere({ message }: Error): boolean {
  return ['READONLY', 'LOADING', 'MASTERDOWN'].some((code) => message.includes(code));
}

/** Resolves when Redis answers, however long that takes. Rejects when the connection was closed permanently. */
export async function redisReady(redis: Redis): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (redis.status === 'ready') return resolve();
    redis.once('ready', resolve);
    redis.once('end', () => reject(new Error('The connection to Redis was closed.')));
  });
  // A Cluster is ready before its nodes are connected. An unavailable node is waited for no longer than a command may take.
  if (redis instanceof Cluster) await Promise.all(primariesOf(redis).map((node) => node.ping().catch(() => {})));
}

/** Every server that holds keys. */
export function primariesOf(redis: Redis): Server[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}

/** Rejects with Redis's own message when it answers but takes no writes: full, or a replica. */
export async function redisTakesWrites(redis: Redis, keyPrefix: string): Promise<void> {
  await redis.set(`${keyPrefix}ready`, '1', 'PX', 1_000);
}

/** Whether this Redis is a replica, which takes no writes; false when INFO is not permitted. */
export async function isReplica(redis: Redis): Promise<boolean> {
  try {
    return /^role:slave\r?$/m.test(await redis.info('replication'));
  } catch (error) {
    if ((error as Error).name === 'ReplyError') return false;
    throw error;
  }
}
