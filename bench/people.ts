import { randomUUID } from 'node:crypto';

import PQueue from 'p-queue';

import type { Event } from '../events/index.ts';
import { createMemory, type Memory } from '../state/memory.ts';
import { connectRedis, redisReady } from '../state/redis.ts';
import type { Stage } from './stage.ts';

/** The product's memory, for a bench that looks into it or writes there what ingress would. */
export async function withMemory<T>({ servers, secret }: Stage, use: (memory: Memory) => Promise<T>): Promise<T> {
  const redis = connectRedis(servers.redis.url, (error) => console.error(error));
  try {
    await redisReady(redis);
    const rates = { rateLimit: 100_000, quotaReserve: 0.1, rememberSendsMs: 86_400_000 };
    return await use(createMemory(redis, { keyPrefix: 'rivulet:', secret, ...rates }));
  } finally {
    redis.disconnect();
  }
}

/** So many people who have signed up and want mail, each with the event that says so. */
export async function signUp({ contacts, consents }: Memory, count: number): Promise<Event<'user.signed_up'>[]> {
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
