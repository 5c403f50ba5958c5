import { once } from 'node:events';

import { connectRedis, type Redis } from '../../store/redis/connect.ts';
import { configFor } from '../config-for.ts';
import { serverAddress } from '../../runtime/server-address.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';

/** Redis, and where it is. */
export async function redisFor(env: NodeJS.ProcessEnv) {
  const { REDIS_URL: url } = configFor(env).environment;
  const redis = connectRedis(url, () => {});
  const address = serverAddress(url, 'REDIS_URL');
  try {
    await once(redis, 'ready', { signal: AbortSignal.timeout(3_000) });
  } catch (error) {
    redis.disconnect();
    const { name, message, code } = error as NodeJS.ErrnoException;
    const why = name === 'AbortError' ? 'no answer within 3 s' : (code ?? message);
    throw new ServerAway(`Redis does not answer at ${address} (${why}). ${hint} Else set REDIS_URL.`);
  }
  return { redis, address, close: () => redis.disconnect() };
}

/** Redis, for as long as `use` takes; what it refuses is told in words. */
export async function withRedis<T>(env: NodeJS.ProcessEnv, use: (redis: Redis) => Promise<T>): Promise<T> {
  const { redis, close } = await redisFor(env);
  try {
    return await use(redis);
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'ReplyError') throw error;
    if (!message.includes('READONLY')) throw new ServerAway(`Redis refuses this: ${message}`);
    throw new ServerAway('This Redis is a replica: it takes no writes. Point REDIS_URL at the primary server.');
  } finally {
    close();
  }
}
