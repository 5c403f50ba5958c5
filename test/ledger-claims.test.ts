import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import type { Terms } from '../state/rates.ts';
import { connectRedis, type Redis, redisReady } from '../state/redis.ts';
import { createSends } from '../state/sends.ts';
import { free, ledger, mail, options } from './support/ledger.ts';

let redis: Redis;

beforeAll(async () => {
  redis = connectRedis(inject('servers').redis, () => {});
  await redisReady(redis);
});
afterAll(() => redis.disconnect());

describe('a claim', () => {
  it('is refused by a gate or a pause that concerns the mail, and leaves no trace then', async () => {
    const { sends, stops } = ledger(redis);
    const tag = mail();
    const terms: Terms = { lane: 'marketing', since: 1, stops: ['gate/account', 'pause/journey:onboarding'] };
    await stops.pause('journey:onboarding');
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'stopped', by: 'pause/journey:onboarding' });
    await stops.close({ scope: 'account', reason: 'SendingPausedException', detail: '', opens: 'probe' });
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'stopped', by: 'gate/account' });
    expect(await sends.read(tag)).toBeUndefined();
    await stops.open('account');
    await stops.resume('journey:onboarding');
    expect(await sends.claim(tag, 'first', terms)).toEqual({ kind: 'claimed' });
  });

  it('comes no sooner than nine tenths of an interval after the one before it', async () => {
    const { sends } = ledger(redis, 4);
    expect(await sends.claim(mail(), 'a', free)).toEqual({ kind: 'claimed' });
    const tag = mail();
    const early = await sends.claim(tag, 'b', free);
    expect(early).toEqual({ kind: 'too_early', waitMs: expect.any(Number) });
    expect(early.kind === 'too_early' && early.waitMs).toBeGreaterThan(100);
    expect(early.kind === 'too_early' && early.waitMs).toBeLessThanOrEqual(225);
    expect(await sends.read(tag)).toBeUndefined();
  });

  it('that has to wait for the disk holds once it is there; where Redis cannot wait, nobody is called and nothing is in doubt', async () => {
    const { keys, sends } = ledger(redis);
    const careful = createSends(redis, keys, { ...options, waitForDisk: true });
    const [, major = '0', minor = '0'] = /redis_version:(\d+)\.(\d+)/.exec(await redis.info('server')) ?? [];
    const canWait = Number(major) * 100 + Number(minor) >= 702;
    const tag = mail();
    const claimed = careful.claim(tag, 'first', free);
    if (canWait) expect(await claimed).toEqual({ kind: 'claimed' });
    else await expect(claimed).rejects.toThrow('WAITAOF');
    expect(await sends.read(tag)).toMatchObject({ state: canWait ? 'dispatching' : 'released' });
  });

  it('is refused when the day’s quota is spent, marketing already when only the reserve is left', async () => {
    const { sends, account } = ledger(redis);
    await account.allowed({ maxPerSecond: 100_000, max24Hours: 100, sent24Hours: 90 });
    expect(await sends.claim(mail(), 'a', { ...free, lane: 'marketing' })).toEqual({ kind: 'no_quota' });
    const answers = [];
    for (let i = 0; i < 11; i++) answers.push((await sends.claim(mail(), 'a', free)).kind);
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'claimed'), 'no_quota']);
  });
});
