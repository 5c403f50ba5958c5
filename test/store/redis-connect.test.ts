import { once } from 'node:events';

import type { RedisOptions } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';

import { connectRedis, type Redis, redisReady } from '../../store/redis/connect.ts';
import { ownRedis } from '../support/own-redis.ts';
import { accountOf, subjectTo } from '../support/slots.ts';

const own = ownRedis();
const connections: Redis[] = [];
afterEach(() => {
  for (const redis of connections.splice(0)) redis.disconnect();
});

function connect(): Redis {
  const redis = connectRedis({ url: own.url }, () => {});
  connections.push(redis);
  return redis;
}

async function connected(): Promise<Redis> {
  const redis = connect();
  await redisReady(redis);
  return redis;
}

const reconnectsOn = (error: Error) => (connect().options as RedisOptions).reconnectOnError?.(error);

/** Whether it has settled by now; false after a moment in which it could have. */
const settled = async (promise: Promise<unknown>) => {
  let is = false;
  const note = () => (is = true);
  promise.then(note, note);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return is;
};

describe('a Redis that is unavailable at the start', () => {
  it.each([
    ['nothing listens', 'SIGKILL'],
    ['it is frozen', 'SIGSTOP'],
  ] as const)('is waited for while %s', async (_, signal) => {
    await own.server.kill(signal);
    const redis = connect();
    const ready = redisReady(redis);
    try {
      expect(await settled(ready)).toBe(false);
    } finally {
      if (signal === 'SIGKILL') await own.server.start();
      else await own.server.kill('SIGCONT');
    }
    await ready;
    expect(await redis.ping()).toBe('PONG');
  });

  it('is not waited for once its connection was given up', async () => {
    await own.server.kill('SIGSTOP');
    try {
      const redis = connect();
      const ready = redisReady(redis);
      redis.disconnect();
      await expect(ready).rejects.toThrow('closed');
    } finally {
      await own.server.kill('SIGCONT');
    }
  });
});

describe('a connection to a Redis that was demoted', () => {
  it('is opened again when a script meets READONLY, since the primary may be elsewhere', async () => {
    const redis = await connected();
    const { here } = accountOf(50, redis);
    await here.take('before', subjectTo('marketing'));
    const id = await redis.client('ID');
    await own.asReplica(async () => {
      const again = once(redis, 'ready');
      await expect(here.take('ada', subjectTo('marketing'))).rejects.toThrow('READONLY');
      await again;
      expect(await redis.client('ID')).not.toBe(id);
    });
    expect((await here.take('ada', subjectTo('marketing'))).kind).toBe('slot');
  });

  it.each([
    "READONLY You can't write against a read only replica.",
    "ERR Error running script (call to f_ab): @user_script:7: -READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    "ERR Error running script (call to f_ab): @user_script:7: -MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ])('is opened again on: %s', async (message) => {
    expect(reconnectsOn(new Error(message))).toBe(true);
  });

  it('is kept when Redis is full', () => {
    const full = new Error("OOM command not allowed when used memory > 'maxmemory'.");
    expect(reconnectsOn(full)).toBe(false);
  });
});

describe('a connection to a Redis that does not answer', () => {
  it('is given up after four seconds, in case the server has vanished', async () => {
    const redis = await connected();
    await own.server.kill('SIGSTOP');
    try {
      const closed = new Promise((resolve) => redis.once('close', resolve));
      await expect(redis.ping()).rejects.toThrow('timed out');
      await closed;
    } finally {
      await own.server.kill('SIGCONT');
    }
    await redisReady(redis);
    expect(await redis.ping()).toBe('PONG');
  });
});
