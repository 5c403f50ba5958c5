import { describe, expect, it, vi } from 'vitest';

import type { SendFailure } from '../activities/failures.ts';
import { expectWait, failureOf, redisOfThisFile, scene, version } from './support/scene.ts';

const redis = redisOfThisFile();

describe('a mail that may have left', () => {
  const lost: SendFailure = { kind: 'ambiguous' };

  it('is not sent again while the feed may still tell', async () => {
    const { attempt, calls } = await scene([lost]);
    expect(expectWait(await failureOf(attempt('receipt')), 'Settling')).toBe(5_000);
    expect(expectWait(await failureOf(attempt('receipt')), 'Settling')).toBeLessThanOrEqual(60_000);
    expect(calls).toHaveLength(1);
  });

  it('had left when the feed tells of it', async () => {
    const { attempt, calls, memory, tag } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await memory.sends.confirm(tag('welcome'), 'ses-7');
    expect(await attempt('welcome')).toEqual({ outcome: 'sent', message_id: 'ses-7', version: version('welcome') });
    expect(calls).toHaveLength(1);
  });

  it('had left, though the process died before it could write that down', async () => {
    const { attempt, calls } = await scene([new Error('the process dies')]);
    await expect(attempt('receipt')).rejects.toThrow('the process dies');
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(calls).toHaveLength(1);
  });

  it.each(['receipt', 'welcome'] as const)(
    '%s had not left when the feed has passed: it is sent again, once',
    async (name) => {
      const { attempt, calls, settled, feedPasses } = await scene([lost], { settleAfterMs: 20 });
      await failureOf(attempt(name));
      await settled(name);
      await feedPasses();
      const result = await attempt(name);
      expect(result).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
      expect(result).not.toHaveProperty('possible_duplicate');
      expect(await attempt(name)).toEqual({ outcome: 'sent', message_id: 'ses-2', version: version(name) });
      expect(calls).toHaveLength(2);
    },
  );

  it('marketing, and the feed is silent: nobody knows, and it is not sent again', async () => {
    const { attempt, calls, settled, outcomes } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('welcome'));
    await settled('welcome');
    await attempt('receipt'); // a later mail, of which the feed does not tell either
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(2);
    expect(outcomes).toEqual(['sent', 'unknown']);
  });

  it('transactional, and the feed is silent: it is sent once more, and says so', async () => {
    const { attempt, calls, settled } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2', possible_duplicate: true });
    expect(calls).toHaveLength(2);
  });

  it('transactional, and lost twice in silence: nobody knows, and it is not sent a third time', async () => {
    const { attempt, calls, settled } = await scene([lost, lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    await settled('receipt');
    await attempt('welcome'); // a later mail, of which the feed does not tell either
    expect(await attempt('receipt')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(3);
  });

  it('is not decided while the feed has not been read to the end of its time', async () => {
    const { attempt, calls, settled, feedPasses, memory } = await scene([lost], { settleAfterMs: 400 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    await feedPasses();
    await memory.sends.feedRead(10_000);
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(calls).toHaveLength(1);
    await memory.sends.feedRead(0);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
  });

  it('marketing, and no later mail has left: the feed has nothing to tell, so it is waited for three times as long', async () => {
    const { attempt, calls, memory, tag, settled } = await scene([lost], { settleAfterMs: 200 });
    await failureOf(attempt('welcome'));
    await settled('welcome');
    expectWait(await failureOf(attempt('welcome')), 'Settling');
    await vi.waitFor(async () => expect((await memory.sends.read(tag('welcome')))?.ageMs).toBeGreaterThan(600));
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(1);
  });

  it('whose answer nobody knows makes somebody look', async () => {
    const { attempt, alerts } = await scene([{ kind: 'ambiguous', alert: true }]);
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(alerts).toEqual(['an answer that nobody knows: the mail may have left']);
  });

  it('is sent by one of two attempts that settle it side by side', async () => {
    const { attempt, calls, settled } = await scene([lost], { settleAfterMs: 20 });
    await failureOf(attempt('receipt'));
    await settled('receipt');
    await Promise.allSettled(Array.from({ length: 8 }, () => attempt('receipt')));
    expect(calls).toHaveLength(2);
  });
});

describe('a worker that stood still', () => {
  const frozen = (): Promise<void> => new Promise((thaw) => setTimeout(thaw, 1_100));

  it('sends nothing when another has taken its mail over meanwhile', async () => {
    let takeOver = async () => {};
    const { attempt, calls, memory, tag } = await scene([], { beforeCall: () => takeOver() });
    takeOver = async () => {
      await frozen();
      const { claim = '' } = (await memory.sends.read(tag('receipt'))) ?? {};
      await memory.sends.claim(
        tag('receipt'),
        'another',
        { lane: 'transactional', since: 1, stops: [] },
        { over: claim },
      );
    };
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(calls).toEqual([]);
    expect(await memory.sends.read(tag('receipt'))).toMatchObject({ claim: 'another' });
  });

  it('whose claim still holds sends, and the claim counts from then', async () => {
    let dispatchedAt = 0;
    const { attempt, calls, memory, tag } = await scene([], {
      beforeCall: async () => {
        dispatchedAt = (await memory.sends.read(tag('receipt')))?.dispatchedAt ?? 0;
        await frozen();
      },
    });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(1);
    expect((await memory.sends.read(tag('receipt')))?.dispatchedAt).toBeGreaterThanOrEqual(dispatchedAt + 1_000);
  });
});

describe('a ledger entry of another version', () => {
  it('that does not say when it was dispatched is settled from now on, not sent', async () => {
    const { attempt, calls, keys, tag } = await scene();
    await redis().hset(keys.send(tag('receipt')), { state: 'dispatching', claim: 'old' });
    expectWait(await failureOf(attempt('receipt')), 'Settling');
    expect(calls).toEqual([]);
  });

  it('that this version cannot read is left to one that can, and somebody is told', async () => {
    const { attempt, calls, keys, tag, alerts } = await scene();
    await redis().hset(keys.send(tag('receipt')), { state: 'archived', claim: 'new', at: Date.now() });
    expectWait(await failureOf(attempt('receipt')), 'LedgerUnreadable');
    expect(calls).toEqual([]);
    expect(alerts).toHaveLength(1);
  });
});
