import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';

import { durabilityWarnings } from '../state/durability.ts';
import { ownRedis } from './support/own-redis.ts';

const own = ownRedis();

describe('a Redis', () => {
  it('that writes before it answers and never evicts is as durable as it must be', async () => {
    expect(await durabilityWarnings(own.redis)).toEqual([]);
  });

  it.each([
    ['appendfsync', 'everysec', /appendfsync is everysec: .* forgets the last second, .* Set appendfsync always/],
    ['appendfsync', 'no', /appendfsync is no: .* forgets the last half minute/],
    ['appendonly', 'no', /^appendonly is no: .* forgets everything since its last snapshot/],
    ['no-appendfsync-on-rewrite', 'yes', /while Redis rewrites its file/],
    ['maxmemory-policy', 'allkeys-lru', /^maxmemory-policy is allkeys-lru: .* Set maxmemory-policy noeviction/],
  ])('with %s %s is told apart in one sentence', async (name, value, sentence) => {
    const [, before = ''] = await own.redis.config('GET', name);
    await own.redis.config('SET', name, value);
    try {
      expect(await durabilityWarnings(own.redis)).toEqual([expect.stringMatching(sentence)]);
    } finally {
      await own.redis.config('SET', name, before);
    }
  });

  it('that is a replica cannot keep the ledger', async () => {
    await own.asReplica(async () => {
      expect(await durabilityWarnings(own.redis)).toEqual([expect.stringContaining('is a replica')]);
    });
  });

  it('whose CONFIG is not permitted tells what it can, and the rest is named', async () => {
    const managed = await own.connectAs('managed', '-config');
    expect(await durabilityWarnings(managed)).toEqual([expect.stringMatching(/^appendfsync could not be checked: /)]);
    await own.redis.config('SET', 'appendonly', 'no');
    try {
      expect(await durabilityWarnings(managed)).toEqual([
        expect.stringMatching(/^appendonly is no/),
        expect.stringMatching(/^appendfsync could not be checked/),
      ]);
    } finally {
      await own.redis.config('SET', 'appendonly', 'yes');
      managed.disconnect();
    }
  });

  it('that says nothing about itself is not called durable', async () => {
    const silent = await own.connectAs('silent', '-config', '-info');
    expect(await durabilityWarnings(silent)).toEqual([
      expect.stringMatching(/^appendonly, appendfsync, maxmemory-policy could not be checked/),
    ]);
    silent.disconnect();
  });

  it('that is away is no warning but an error', async () => {
    const away = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, maxRetriesPerRequest: 0 });
    away.on('error', () => {});
    await expect(durabilityWarnings(away)).rejects.toThrow();
    away.disconnect();
  });
});
