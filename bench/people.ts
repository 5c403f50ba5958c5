import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import { createStore, type Store } from '../store/store.ts';
import { connectPostgres } from '../store/postgres/connect.ts';
import { connectRedis, redisReady } from '../store/redis/connect.ts';
import type { Stage } from './stage.ts';

/** The product's store, for a bench that reads it or writes what the ingress would. */
export async function withStore<T>({ servers, secret }: Stage, use: (store: Store) => Promise<T>): Promise<T> {
  const redis = connectRedis({ url: servers.redis.adminUrl }, (error) => console.error(error));
  const postgres = connectPostgres({
    url: servers.postgres.url,
    name: 'bench',
    onError: ({ message }) => console.error(`Postgres: ${message}`),
  });
  try {
    await redisReady(redis);
    const rates = { rateLimit: 100_000, quotaReserve: 0.1 };
    return await use(createStore({ postgres, redis }, { keyPrefix: 'rivulet:', secret, ...rates }));
  } finally {
    redis.disconnect();
    await postgres.close();
  }
}

/** So many people who have signed up and want mail, each with the event that says so. */
export async function signUp({ contacts, consents }: Store, count: number): Promise<Event<'user.signed_up'>[]> {
  const signups = Array.from({ length: count }, (): Event<'user.signed_up'> => {
    const id = randomUUID();
    return { event_id: id, event_type: 'user.signed_up', user_id: `u_${id}`, timestamp: Date.now(), payload: {} };
  });
  const queue = new PQueue({ concurrency: 100 });
  await queue.addAll(
    signups.map(({ event_id: id, user_id: user, timestamp: at }) => async () => {
      await contacts.record(user, { email: `${id}@example.com`, name: 'Ada' }, at);
      await consents.record(user, { id, state: 'granted', consent: { topics: ['onboarding'] }, at });
    }),
  );
  return signups;
}
