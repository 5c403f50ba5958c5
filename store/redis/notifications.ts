import { Cluster, type Redis as Server, type RedisOptions } from 'ioredis';

import { duplicateOf, primariesOf, type Redis } from './connect.ts';

/** What other processes are notified of. */
type Topic = 'templates';

/**
 * Notifies the other processes that something has changed, without saying what: they read it. Nothing may depend on one
 * that arrives: Redis forgets a notification that it cannot deliver now.
 */
export interface Notifications {
  /** Never rejects: while Redis is unavailable, nothing is sent. Call it after the commit. */
  publish(topic: Topic): Promise<void>;
  /**
   * Calls back on each notification, and whenever one may have been missed: once connected, and after each break. Until
   * closed; needs a connection of its own, which it makes.
   */
  subscribe(topic: Topic, changed: () => void): { close(): void };
}

/** How soon a Cluster is asked again for a node to subscribe at, in ms. */
const againMs = 500;

/** `prefix`: of the installation's keys and channels. */
export function createNotifications(redis: Redis, prefix: string): Notifications {
  const channelOf = (topic: Topic) => `${prefix}${topic}-changed`;
  return {
    async publish(topic) {
      await redis.publish(channelOf(topic), '').catch(() => undefined);
    },
    subscribe(topic, changed) {
      const channel = channelOf(topic);
      if (redis instanceof Cluster) return subscribeInCluster(redis, channel, changed);
      const subscriber = listen(redis, channel, changed);
      return { close: () => subscriber.disconnect() };
    },
  };
}

/** Subscribes on a separate connection that reconnects, unless `own` disables that. */
function listen(redis: Server, channel: string, changed: () => void, own: RedisOptions = {}): Server {
  const subscriber = duplicateOf(redis, { autoResubscribe: false, maxRetriesPerRequest: null, ...own });
  subscriber.on('error', () => undefined); // it connects again
  subscriber.on('message', changed);
  subscriber.on('ready', () => void subscriber.subscribe(channel).then(changed, () => undefined));
  return subscriber;
}

/** Every node of a Cluster delivers messages published on any node. If the chosen node goes away, another is chosen. */
function subscribeInCluster(cluster: Cluster, channel: string, changed: () => void): { close(): void } {
  let subscriber: Server | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const start = () => {
    if (isClosed) return;
    const nodes = primariesOf(cluster);
    const node = nodes[Math.floor(Math.random() * nodes.length)];
    if (node === undefined) return again();
    subscriber = listen(node, channel, changed, { lazyConnect: false, retryStrategy: null });
    subscriber.once('end', again);
  };
  const again = () => {
    timer = setTimeout(start, againMs).unref();
  };
  start();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      subscriber?.disconnect();
    },
  };
}
