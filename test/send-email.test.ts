import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';

import type { Event } from '../events/index.ts';
import type { Memory } from '../state/memory.ts';
import { person } from './support/events.ts';
import {
  anOrder,
  catalogue,
  expectWait,
  failureOf,
  monday,
  redisOfThisFile,
  scene,
  optsOut,
  version,
} from './support/scene.ts';

redisOfThisFile();

describe('a mail that goes well', () => {
  it('is Ada’s, says what the template says, and carries its tag', async () => {
    const { attempt, calls, ada, tag, outcomes } = await scene();
    expect(await attempt('receipt')).toEqual({
      outcome: 'sent',
      message_id: 'ses-1',
      version: catalogue.get('receipt')?.version,
    });
    expect(calls).toEqual([
      expect.objectContaining({
        from: 'Rivulet <hello@example.com>',
        to: ada.email,
        subject: 'Your receipt for order o_1',
        html: expect.stringContaining('Thank you, Ada'),
        tag: tag('receipt'),
      }),
    ]);
    expect(outcomes).toEqual(['sent']);
  });

  it('is not sent again by a repeated attempt, which is told the recorded result', async () => {
    const { attempt, calls } = await scene();
    await attempt('receipt');
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', message_id: 'ses-1', version: version('receipt') });
    expect(calls).toHaveLength(1);
  });

  it('is another mail under another key or template', async () => {
    const { attempt, calls } = await scene();
    await attempt('receipt');
    await attempt('receipt', { key: 'second' });
    await attempt('welcome');
    expect(new Set(calls.map(({ tag }) => tag)).size).toBe(3);
  });

  it('leaves once when two attempts race', async () => {
    const { attempt, calls, memory, tag } = await scene();
    const ended = await Promise.allSettled(Array.from({ length: 10 }, () => attempt('receipt')));
    expect(calls).toHaveLength(1);
    const lost = ended.filter((one) => one.status === 'rejected');
    for (const { reason } of lost) expectWait(reason as ApplicationFailure, 'Settling');
    expect(lost.length).toBeLessThan(10);
    expect(await memory.sends.read(tag('receipt'))).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-1' });
  });

  it('whose answer had no id is sent; the id comes with the feed', async () => {
    const { attempt, calls, memory, tag } = await scene([{ kind: 'accepted_id_unknown' }]);
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', version: version('receipt') });
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', version: version('receipt') });
    await memory.sends.confirm(tag('receipt'), 'ses-7');
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', message_id: 'ses-7', version: version('receipt') });
    expect(calls).toHaveLength(1);
  });
});

describe('a mail that must not go', () => {
  it('to somebody without an address', async () => {
    const { attempt, calls } = await scene();
    const grace: Event = anOrder(person('grace').user_id);
    expect(await attempt('receipt', { event: grace })).toEqual({ outcome: 'no_address' });
    expect(calls).toEqual([]);
  });

  it('to an address that bounced, not even a receipt', async () => {
    const { attempt, calls, memory, ada, outcomes } = await scene();
    const bounced = { reason: 'hard_bounce', scope: 'all', since: monday, source: 'test' } as const;
    await memory.suppressions.add(memory.addressHash(ada.email.toUpperCase()), bounced);
    expect(await attempt('receipt')).toEqual({ outcome: 'suppressed' });
    expect(calls).toEqual([]);
    expect(outcomes).toEqual(['suppressed']);
  });

  it('to somebody who opted out: marketing stops, the receipt goes', async () => {
    const { attempt, calls, memory, ada } = await scene();
    await optsOut(memory, ada.user_id, 'onboarding', monday + 1);
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toEqual([]);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('as marketing to an address of which the provider doubts, while a receipt may still be right', async () => {
    const { attempt, memory, ada } = await scene();
    const doubted = { reason: 'invalid_address', scope: 'marketing', since: monday, source: 'test' } as const;
    await memory.suppressions.add(memory.addressHash(ada.email), doubted);
    expect(await attempt('welcome')).toMatchObject({ outcome: 'suppressed' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('to somebody who never agreed, unless no consent is needed', async () => {
    for (const [model, outcome] of [
      ['opt_in', 'no_consent'],
      ['opt_out', 'sent'],
    ] as const) {
      const { attempt, memory } = await scene([], { consentModel: () => model });
      const grace = person('grace');
      await memory.contacts.record(grace.user_id, { email: grace.email }, monday);
      expect(await attempt('welcome', { event: anOrder(grace.user_id) })).toMatchObject({ outcome });
    }
  });

  it('when Ada opted out between two attempts', async () => {
    const { attempt, calls, memory, ada } = await scene([{ kind: 'throttled', retryAfterMs: 1 }]);
    await failureOf(attempt('welcome'));
    await optsOut(memory, ada.user_id, 'onboarding', monday + 1);
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toHaveLength(1);
  });
});

describe('a mail whose slot is far away', () => {
  const ahead = async ({ rates }: Memory, count: number) => {
    for (let i = 0; i < count; i++) await rates.reserve(`ahead-${i}`, { lane: 'transactional', since: 1, stops: [] });
  };

  it('gives its place back and is told how long to wait: a little less, since timers may be late', async () => {
    const { attempt, calls, memory, tag } = await scene([], { rateLimit: 1 });
    await ahead(memory, 4);
    const wait = expectWait(await failureOf(attempt('receipt')), 'RateLimited');
    expect(wait).toBeGreaterThan(1_700);
    expect(wait).toBeLessThanOrEqual(2_700);
    const again = expectWait(await failureOf(attempt('receipt')), 'RateLimited');
    expect(again).toBeLessThanOrEqual(wait);
    expect(calls).toEqual([]);
    expect(await memory.sends.read(tag('receipt'))).toBeUndefined();
  });

  it('waits here when the slot is near', async () => {
    const { attempt, memory, calls } = await scene([], { rateLimit: 10 });
    await ahead(memory, 2);
    const began = performance.now();
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(performance.now() - began).toBeGreaterThan(100);
    expect(calls).toHaveLength(1);
  });

  it('after a throttle keeps its place in the lane', async () => {
    const { attempt, memory } = await scene([{ kind: 'throttled', retryAfterMs: 1 }], { rateLimit: 10 });
    await failureOf(attempt('welcome'));
    const behind = { lane: 'marketing', since: monday + 1, stops: [] } as const;
    for (let i = 0; i < 100; i++) await memory.rates.reserve(`behind-${i}`, behind);
    expect(await attempt('welcome')).toMatchObject({ outcome: 'sent' });
  });
});

describe('when the rate limit cannot be asked', () => {
  const broken = (memory: Memory) => {
    memory.rates.reserve = () => Promise.reject(new Error('Redis is away'));
  };

  it('marketing waits, and a receipt goes at this worker’s share, if the ledger can be written', async () => {
    const { attempt, calls, memory } = await scene();
    broken(memory);
    await expect(attempt('welcome')).rejects.toThrow('Redis is away');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(1);
  });
});
