import type { Redis } from './connect.ts';

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

/** `prefix`: of the installation's keys and channels. */
export function createNotifications(redis: Redis, prefix: string): Notifications {
  const channel = (topic: Topic) => `${prefix}${topic}-changed`;
  return {
    async publish(topic) {
      await redis.publish(channel(topic), '').catch(() => undefined);
    },
    subscribe(topic, changed) {
      const subscriber = redis.duplicate({ autoResubscribe: false, maxRetriesPerRequest: null });
      subscriber.on('error', () => undefined); // it connects again
      subscriber.on('message', changed);
      subscriber.on('ready', () => void subscriber.subscribe(channel(topic)).then(changed, () => undefined));
      return { close: () => subscriber.disconnect() };
    },
  };
}
