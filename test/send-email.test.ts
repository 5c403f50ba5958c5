import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import type { Event } from '../events/index.ts';
import type { Store } from '../store/store.ts';
import { person } from './support/events.ts';
import {
  anOrder,
  catalogue,
  expectWait,
  failureOf,
  monday,
  serversOfThisFile,
  scene,
  optsOut,
  version,
} from './support/scene.ts';

serversOfThisFile();

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
    const { attempt, calls, store, tag } = await scene();
    const ended = await Promise.allSettled(Array.from({ length: 10 }, () => attempt('receipt')));
    expect(calls).toHaveLength(1);
    const lost = ended.filter((one) => one.status === 'rejected');
    for (const { reason } of lost)
      expect(reason).toMatchObject({ type: expect.stringMatching(/^(InDoubt|ClaimedElsewhere)$/) });
    expect(lost.length).toBeLessThan(10);
    expect(await store.sends.read(tag('receipt'))).toMatchObject({ state: 'accepted', providerId: 'ses-1' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-1' });
  });

  it('whose answer had no id is sent; the id comes with the feed', async () => {
    const { attempt, calls, store, tag } = await scene([{ kind: 'accepted_id_unknown' }]);
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', version: version('receipt') });
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', version: version('receipt') });
    await store.sends.confirm(tag('receipt'), 'ses-7');
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
    const { attempt, calls, store, ada, outcomes } = await scene();
    const bounced = { reason: 'hard_bounce', scope: 'all', since: monday, source: 'test' } as const;
    await store.suppressions.add(store.addressHash(ada.email.toUpperCase()), bounced);
    expect(await attempt('receipt')).toEqual({ outcome: 'suppressed' });
    expect(calls).toEqual([]);
    expect(outcomes).toEqual(['suppressed']);
  });

  it('to somebody who opted out: marketing stops, the receipt goes', async () => {
    const { attempt, calls, store, ada } = await scene();
    await optsOut(store, ada.user_id, 'onboarding', monday + 1);
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toEqual([]);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('as marketing to an address of which the provider doubts, while a receipt may still be right', async () => {
    const { attempt, store, ada } = await scene();
    const doubted = { reason: 'invalid_address', scope: 'marketing', since: monday, source: 'test' } as const;
    await store.suppressions.add(store.addressHash(ada.email), doubted);
    expect(await attempt('welcome')).toMatchObject({ outcome: 'suppressed' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('not yet known: it is waited for, and arrives when somebody records them', async () => {
    const { attempt, calls, store } = await scene();
    const grace = person('grace');
    const event = anOrder(grace.user_id);
    const wait = expectWait(await failureOf(attempt('receipt', { event, since: Date.now() })), 'NotKnownYet');
    expect(wait).toBeLessThanOrEqual(2_000);
    const later = await failureOf(attempt('receipt', { event, since: Date.now() - 10 * 60_000 }));
    expect(expectWait(later, 'NotKnownYet')).toBeGreaterThan(4 * 60_000);
    expect(calls).toEqual([]);
    await store.contacts.record(grace.user_id, { email: grace.email }, monday);
    expect(await attempt('receipt', { event, since: Date.now() })).toMatchObject({ outcome: 'sent' });
  });

  it('without a consent that anybody recorded: waits, while one who said no waits for nothing', async () => {
    const { attempt, store, ada } = await scene();
    const grace = person('grace');
    await store.contacts.record(grace.user_id, { email: grace.email }, monday);
    const event = anOrder(grace.user_id);
    expectWait(await failureOf(attempt('welcome', { event, since: Date.now() })), 'NotKnownYet');
    await optsOut(store, ada.user_id, 'onboarding', monday + 1);
    expect(await attempt('welcome', { since: Date.now() })).toEqual({ outcome: 'no_consent' });
  });

  it('of whom nothing was recorded for a day: a receipt alerts an operator', async () => {
    const { attempt, alerts } = await scene();
    const event = anOrder(person('grace').user_id);
    expect(await attempt('receipt', { event, since: Date.now() - 86_400_001 })).toEqual({ outcome: 'no_address' });
    expect(alerts).toEqual(['email.not_sent']);
  });

  it('to somebody who never agreed, unless no consent is needed', async () => {
    for (const [model, outcome] of [
      ['opt_in', 'no_consent'],
      ['opt_out', 'sent'],
    ] as const) {
      const { attempt, store } = await scene([], { consentModel: () => model });
      const grace = person('grace');
      await store.contacts.record(grace.user_id, { email: grace.email }, monday);
      expect(await attempt('welcome', { event: anOrder(grace.user_id) })).toMatchObject({ outcome });
    }
  });

  it('when Ada opted out between two attempts', async () => {
    const { attempt, calls, store, ada } = await scene([{ kind: 'throttled', retryAfterMs: 1 }]);
    await failureOf(attempt('welcome'));
    await optsOut(store, ada.user_id, 'onboarding', monday + 1);
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
    expect(calls).toHaveLength(1);
  });
});

describe('a mail whose slot is far away', () => {
  const ahead = async ({ slots }: Store, count: number) => {
    for (let i = 0; i < count; i++) await slots.take(`ahead-${i}`, { lane: 'transactional', since: 1 });
  };

  it('gives its place back and is told how long to wait: a little less, since timers may be late', async () => {
    const { attempt, calls, store, tag } = await scene([], { rateLimit: 1 });
    await ahead(store, 4);
    const wait = expectWait(await failureOf(attempt('receipt')), 'WaitingForSlot');
    expect(wait).toBeGreaterThan(1_700);
    expect(wait).toBeLessThanOrEqual(2_700);
    const again = expectWait(await failureOf(attempt('receipt')), 'WaitingForSlot');
    expect(again).toBeLessThanOrEqual(wait);
    expect(calls).toEqual([]);
    expect(await store.sends.read(tag('receipt'))).toBeUndefined();
  });

  it('waits here when the slot is near', async () => {
    const { attempt, store, calls } = await scene([], { rateLimit: 10 });
    await ahead(store, 2);
    const began = performance.now();
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(performance.now() - began).toBeGreaterThan(100);
    expect(calls).toHaveLength(1);
  });

  it('after a throttle keeps its place in the lane', async () => {
    const { attempt, store } = await scene([{ kind: 'throttled', retryAfterMs: 1 }], { rateLimit: 10 });
    await failureOf(attempt('welcome'));
    const behind = { lane: 'marketing', since: monday + 1 } as const;
    for (let i = 0; i < 100; i++) await store.slots.take(`behind-${i}`, behind);
    expect(await attempt('welcome')).toMatchObject({ outcome: 'sent' });
  });
});

describe('an email whose slot has passed before it could be sent', () => {
  /** The ledger stands still for longer than a slot lasts. */
  const slowClaim = ({ sends }: Store, meanwhile = async () => {}) => {
    const claim = sends.claim.bind(sends);
    vi.spyOn(sends, 'claim').mockImplementationOnce(async (...about) => {
      await meanwhile();
      await sleep(300);
      return claim(...about);
    });
  };

  it('is sent in another one', async () => {
    const { attempt, calls, store } = await scene();
    const take = vi.spyOn(store.slots, 'take');
    slowClaim(store);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(take).toHaveBeenCalledTimes(2);
    expect(calls).toHaveLength(1);
  });

  it('gives its claim back when the next one is far, and is sent then', async () => {
    const { attempt, calls, store, tag } = await scene([], { rateLimit: 1 });
    slowClaim(store, async () => {
      for (let i = 0; i < 4; i++) await store.slots.take(`ahead-${i}`, { lane: 'transactional', since: 1 });
    });
    expectWait(await failureOf(attempt('receipt')), 'WaitingForSlot');
    expect(calls).toEqual([]);
    expect((await store.sends.read(tag('receipt')))?.state).toBe('released');

    vi.spyOn(store.slots, 'take').mockResolvedValueOnce({ kind: 'slot' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(1);
  });
});

describe('when the rate limit cannot be asked', () => {
  it('everything waits, receipts too, and nothing is claimed', async () => {
    const { attempt, calls, store, tag } = await scene();
    const take = vi.spyOn(store.slots, 'take').mockRejectedValue(new Error('Connection is closed.'));
    for (const template of ['welcome', 'receipt'] as const)
      expectWait(await failureOf(attempt(template)), 'SlotsUnavailable');
    expect(await store.sends.read(tag('receipt'))).toBeUndefined();
    expect(calls).toEqual([]);
    take.mockRestore();
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });
});

describe('an email that waits for its journey to be resumed', () => {
  it('uses up no slot', async () => {
    const { attempt, store } = await scene();
    const take = vi.spyOn(store.slots, 'take');
    await store.stops.pause('all');
    expectWait(await failureOf(attempt('receipt')), 'Paused');
    expect(take).not.toHaveBeenCalled();
  });
});
