import { once } from 'node:events';

import { connectRedis, lastErrorOf, type Redis } from '../../store/redis/connect.ts';
import { whyRefused } from '../../store/redis/refusal.ts';
import { redisAddress, redisServer, type RedisServer } from '../../store/redis/settings.ts';
import { configFor } from '../config-for.ts';
import { ServerAway } from '../wrong-use.ts';
import { hint } from './hint.ts';

/** Redis, and where it is. */
export async function redisFor(env: NodeJS.ProcessEnv) {
  const server = redisServer(configFor(env).environment);
  const redis = connectRedis(server, () => {});
  const address = redisAddress(server);
  try {
    await once(redis, 'ready', { signal: AbortSignal.timeout(3_000) });
  } catch (error) {
    const last = lastErrorOf(redis);
    redis.disconnect();
    const { name, message, code }: NodeJS.ErrnoException = last ?? (error as Error);
    const refused = last && whyRefused(last, server);
    if (refused !== undefined) throw new ServerAway(refused);
    const why = name === 'AbortError' ? 'no answer within 3 s' : (code ?? message);
    throw new ServerAway(`Redis does not answer at ${address} (${why}). ${hint} Else set REDIS_URL.`);
  }
  return { redis, address, server, close: () => redis.disconnect() };
}

/** Redis, for as long as `use` takes; what it refuses is told in words. */
export async function withRedis<T>(env: NodeJS.ProcessEnv, use: (redis: Redis) => Promise<T>): Promise<T> {
  const { redis, server, close } = await redisFor(env);
  try {
    return await use(redis);
  } catch (error) {
    throw inWords(error as Error, server);
  } finally {
    close();
  }
}

function inWords(error: Error, server: RedisServer): Error {
  if (error.name !== 'ReplyError') return error;
  if (error.message.includes('READONLY')) {
    return new ServerAway('This Redis is a replica: it takes no writes. Point REDIS_URL at the primary server.');
  }
  return new ServerAway(whyRefused(error, server) ?? `Redis refuses this: ${error.message}`);
}
