import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { createKeys } from '../state/keys.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createStops, type Halt, stopsBefore } from '../state/stops.ts';

let redis: Redis;
beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());

const stopsOf = () => createStops(redis, createKeys(`stops-test-${randomUUID()}:`, 'ab'.repeat(32)));

const paused: Halt = { scope: 'account', reason: 'SendingPausedException', detail: 'paused', opens: 'probe' };
const suspended: Halt = { scope: 'account', reason: 'AccountSuspendedException', detail: 'shut', opens: 'operator' };

describe('a gate', () => {
  it('is closed once, says why and since when, and is open after it was opened', async () => {
    const stops = stopsOf();
    expect(await stops.gates()).toEqual([]);
    expect(await stops.close(paused)).toBe(true);
    expect(await stops.close(paused)).toBe(false);
    const [gate] = await stops.gates();
    expect(gate).toEqual({ ...paused, since: expect.any(Number) });
    expect(Math.abs((gate?.since ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(await stops.open('account')).toBe(true);
    expect(await stops.open('account')).toBe(false);
    expect(await stops.gates()).toEqual([]);
  });

  it('that waits for an operator is not weakened by a trouble that passes, and one that a probe opens is hardened', async () => {
    const stops = stopsOf();
    await stops.close(paused);
    const since = (await stops.gates())[0]?.since;
    expect(await stops.close(suspended)).toBe(false);
    expect(await stops.gates()).toEqual([{ ...suspended, since }]);
    await stops.close(paused);
    expect(await stops.gates()).toEqual([{ ...suspended, since }]);
  });

  it('remembers what the last probe said; one that was opened meanwhile is not closed by that', async () => {
    const stops = stopsOf();
    await stops.close(paused);
    await stops.probed('account', 'still so');
    expect(await stops.gates()).toMatchObject([{ lastProbe: 'still so' }]);
    await stops.open('account');
    await stops.probed('account', 'still so');
    expect(await stops.gates()).toEqual([]);
  });

  it('is opened by a probe only if it is still the one that was probed', async () => {
    const stops = stopsOf();
    await stops.close(paused);
    const [probed] = await stops.gates();
    if (!probed) throw new Error('the gate is open');
    expect(await stops.openProbed({ ...probed, since: probed.since - 1 })).toBe(false);
    await stops.close(suspended);
    expect(await stops.openProbed(probed)).toBe(false);
    await stops.open('account');
    await stops.close(paused);
    expect(await stops.openProbed((await stops.gates())[0] ?? probed)).toBe(true);
    expect(await stops.gates()).toEqual([]);
  });

  it('is probed by one of many, and not before its time', async () => {
    const stops = stopsOf();
    await stops.close(paused);
    const [gate] = await stops.gates();
    if (!gate) throw new Error('the gate is open');
    expect(await stops.probeIsDue(gate, 60_000)).toBe(false);
    const since = gate.since - 60_000;
    const asked = await Promise.all(Array.from({ length: 10 }, () => stops.probeIsDue({ ...gate, since }, 60_000)));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });
});

describe('a pause', () => {
  it('holds until it is ended, and each is ended by itself', async () => {
    const stops = stopsOf();
    expect(await stops.pause('all')).toBe(true);
    expect(await stops.pause('all')).toBe(false);
    await stops.pause('journey:onboarding');
    expect((await stops.pauses()).map(({ scope }) => scope)).toEqual(['all', 'journey:onboarding']);
    expect(await stops.resume('all')).toBe(true);
    expect(await stops.resume('all')).toBe(false);
    expect((await stops.pauses()).map(({ scope }) => scope)).toEqual(['journey:onboarding']);
  });
});

describe('what can stop a mail', () => {
  it('is its sender by address and by domain, its configuration set, its journey and its topic, and what stops all', () => {
    expect(
      stopsBefore({
        from: 'Rivulet <Hello@Example.com>',
        configurationSet: 'rivulet',
        journey: 'onboarding',
        topic: 'offers',
      }),
    ).toEqual([
      'gate/account',
      'gate/credentials',
      'gate/identity:hello@example.com',
      'gate/identity:example.com',
      'gate/configuration:rivulet',
      'pause/all',
      'pause/journey:onboarding',
      'pause/topic:offers',
    ]);
  });
});
