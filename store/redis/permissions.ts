import { randomUUID } from 'node:crypto';

import type { Redis } from './connect.ts';

type Command = [name: string, ...args: string[]];

/** Every command that the product sends or runs in a script, with arguments that change nothing but `key`, which expires. */
function commandsOn(key: string, channel: string): Command[] {
  return [
    ['SET', key, '1', 'PX', '1000'],
    ['GET', key],
    ['PEXPIRE', key, '1000'],
    ['PEXPIREAT', key, String(Date.now() + 1_000)],
    ...['HGET', 'HMGET', 'HDEL', 'HEXISTS', 'ZSCORE', 'ZRANK', 'ZREM'].map((name): Command => [name, key, 'member']),
    ['HSET', key, 'member', '1'],
    ['HINCRBY', key, 'member', '1'],
    ['ZADD', key, '1', 'member'],
    ...['ZCOUNT', 'ZRANGEBYSCORE', 'ZREMRANGEBYSCORE'].map((name): Command => [name, key, '0', '1']),
    ['SCAN', '0', 'MATCH', key],
    ['EVAL', 'return 1', '1', key],
    ['EVALSHA', '0'.repeat(40), '1', key],
    ['PUBLISH', channel, ''],
    ['TIME'],
    ['DEL', key],
    ['UNLINK', key],
  ];
}

/**
 * Returns what this connection's user is not permitted to do, such as `ZADD` or `the keys rivulet:*`. Each command is tried on a separate
 * key, which expires within a second.
 */
export async function missingPermissions(redis: Redis, keyPrefix: string): Promise<string[]> {
  const commands = commandsOn(`${keyPrefix}doctor:${randomUUID()}`, `${keyPrefix}doctor`);
  const missing: string[] = [];
  for (const [name, ...args] of commands) {
    const message = await redis.call(name, ...args).then(
      () => '',
      (error: Error) => error.message,
    );
    if (!message.startsWith('NOPERM')) continue; // the rest is about the type of the key
    if (/\bkeys?\b/.test(message)) return [`the keys ${keyPrefix}*`];
    missing.push(/\bchannels?\b/.test(message) ? `the channels ${keyPrefix}*` : name);
  }
  return missing;
}
