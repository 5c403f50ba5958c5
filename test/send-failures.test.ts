import { describe, expect, it } from 'vitest';

import type { SendFailure } from '../activities/failures.ts';
import type { Event } from '../events/index.ts';
import type { Halt } from '../store/stops.ts';
import { expectWait, failureOf, monday, serversOfThisFile, scene } from './support/scene.ts';

serversOfThisFile();

describe('a mail that certainly did not leave', () => {
  it('throttled: waits as long as asked, then a later attempt sends it', async () => {
    const { attempt, calls } = await scene([{ kind: 'throttled', retryAfterMs: 1_234 }]);
    expect(expectWait(await failureOf(attempt('receipt')), 'Throttled')).toBe(1_234);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
    expect(calls).toHaveLength(2);
  });

  it('with the day’s quota spent: nobody else asks the provider either, until there is room', async () => {
    const { attempt, calls, store } = await scene([{ kind: 'quota_spent', retryAfterMs: 300_000 }]);
    expect(expectWait(await failureOf(attempt('receipt')), 'QuotaSpent')).toBe(5_000);
    expectWait(await failureOf(attempt('welcome')), 'QuotaSpent');
    expect(calls).toHaveLength(1);
    await store.account.allowed({ maxPerSecond: 14, max24Hours: 100, sent24Hours: 50 });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('when only the transactional reserve is left: marketing waits, a receipt goes', async () => {
    const { attempt, store } = await scene();
    await store.account.allowed({ maxPerSecond: 1_000, max24Hours: 100, sent24Hours: 90 });
    expectWait(await failureOf(attempt('welcome')), 'QuotaSpent');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('over the rate: everybody is slower for a while', async () => {
    const { attempt, store } = await scene([{ kind: 'throttled', retryAfterMs: 1_000, overRate: true }]);
    await failureOf(attempt('receipt'));
    expect((await store.account.state()).perSecond).toBeLessThan(900);
  });

  it('throttled by a trouble of the service: waits twice as long each time, ten minutes at most', async () => {
    const { attempt } = await scene(Array.from({ length: 6 }, () => ({ kind: 'throttled', retryAfterMs: 40_000 })));
    const waits = [];
    for (let i = 0; i < 6; i++) waits.push(expectWait(await failureOf(attempt('receipt')), 'Throttled'));
    expect(waits).toEqual([40_000, 80_000, 160_000, 320_000, 600_000, 600_000]);
  });

  it('refused for a limit twice: the account’s gate closes', async () => {
    const thenHalt: Halt = { scope: 'account', reason: 'LimitExceededException', detail: 'too many', opens: 'probe' };
    const limit: SendFailure = { kind: 'throttled', retryAfterMs: 300_000, thenHalt };
    const { attempt, store } = await scene([limit, limit]);
    expect(expectWait(await failureOf(attempt('receipt')), 'Throttled')).toBe(300_000);
    expect(await store.stops.gates()).toEqual([]);
    expectWait(await failureOf(attempt('receipt')), 'GateClosed');
    expect(await store.stops.gates()).toMatchObject([thenHalt]);
  });

  it('with the provider away: waits longer each time, in the end as long as a probe, and is sent after all', async () => {
    const { attempt } = await scene(Array.from({ length: 4 }, () => ({ kind: 'unavailable' as const })));
    const waits = [];
    for (let i = 0; i < 4; i++) waits.push(expectWait(await failureOf(attempt('receipt')), 'ProviderUnavailable'));
    const least = [100, 200, 5_000, 5_000];
    waits.forEach((wait, i) => expect(wait - (least[i] ?? 0)).toBeLessThan(10));
    waits.forEach((wait, i) => expect(wait).toBeGreaterThanOrEqual(least[i] ?? Infinity));
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('because its sender is not verified: a gate closes, nobody asks the provider again, until it is opened', async () => {
    const halt: Halt = { scope: 'identity:example.com', reason: 'MessageRejected', detail: 'no', opens: 'probe' };
    const { attempt, calls, store, alerts } = await scene([{ kind: 'halted', halt }]);
    const failure = await failureOf(attempt('receipt'));
    expectWait(failure, 'GateClosed');
    expect(failure.message).toContain('identity:example.com');
    for (let i = 0; i < 3; i++) expectWait(await failureOf(attempt('receipt')), 'GateClosed');
    expectWait(await failureOf(attempt('welcome')), 'GateClosed');
    expect(calls).toHaveLength(1);
    expect(alerts).toEqual(['gate.closed']);
    await store.stops.open('identity:example.com');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('because another sender is not verified: goes', async () => {
    const { attempt, store } = await scene();
    await store.stops.close({
      scope: 'identity:other.example',
      reason: 'MessageRejected',
      detail: '',
      opens: 'probe',
    });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
  });

  it('because its journey is paused: other journeys go on', async () => {
    const { attempt, store } = await scene();
    await store.stops.pause('journey:onboarding');
    expectWait(await failureOf(attempt('welcome', { journey: 'onboarding' })), 'Paused');
    expect(await attempt('receipt', { journey: 'receipt' })).toMatchObject({ outcome: 'sent' });
    await store.stops.resume('journey:onboarding');
    expect(await attempt('welcome', { journey: 'onboarding' })).toMatchObject({ outcome: 'sent' });
  });

  it.each([
    ['a moment', 100, 1_000],
    ['a minute', 60_000, 6_000],
    ['a day', 86_400_000, 30_000],
  ])('and asks again after a tenth of the time that it has waited: %s', async (_, waitedMs, asksAfterMs) => {
    const { attempt, store } = await scene();
    await store.stops.pause('all');
    const delay = expectWait(await failureOf(attempt('receipt', { since: Date.now() - waitedMs })), 'Paused');
    expect(delay).toBeGreaterThanOrEqual(asksAfterMs);
    expect(delay).toBeLessThan(asksAfterMs + 900); // this test's own time
  });

  it('because it was paused while it waited for its slot', async () => {
    const { attempt, store, calls } = await scene([], { rateLimit: 4 });
    await store.slots.take('a', { lane: 'transactional', since: 1 });
    await store.slots.take('b', { lane: 'transactional', since: 2 });
    const waiting = failureOf(attempt('receipt'));
    await store.stops.pause('all');
    expectWait(await waiting, 'Paused');
    expect(calls).toEqual([]);
  });

  it('refused: fails for good, and nobody calls the provider again', async () => {
    const { attempt, calls } = await scene([{ kind: 'refused' }]);
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(attempt('receipt'))).toMatchObject({
        type: 'EmailRefused',
        nonRetryable: true,
        message: 'the provider said refused',
      });
    }
    expect(calls).toHaveLength(1);
  });

  it('without the data its template needs: fails for good before the provider is called', async () => {
    const { attempt, calls, ada } = await scene();
    const event: Event = {
      event_id: 'e',
      event_type: 'user.signed_up',
      user_id: ada.user_id,
      timestamp: monday,
      payload: {},
    };
    const failure = await failureOf(attempt('receipt', { event }));
    expect(failure).toMatchObject({ type: 'MissingData', nonRetryable: true });
    expect(calls).toEqual([]);
  });
});
