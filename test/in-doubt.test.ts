import { describe, expect, it, vi } from 'vitest';

import type { SendFailure } from '../activities/failures.ts';
import type { Store } from '../store/store.ts';
import { expectWait, failureOf, laterEmails, optsOut, scene, serversOfThisFile, version } from './support/scene.ts';

serversOfThisFile();

const minuteMs = 60_000;
const dayMs = 86_400_000;

describe('an email whose answer was lost', () => {
  const lost: SendFailure = { kind: 'ambiguous' };

  it('is not sent again while the feed may still report it', async () => {
    const { attempt, calls } = await scene([lost]);
    expect(expectWait(await failureOf(attempt('receipt')), 'InDoubt')).toBe(5_000);
    expect(expectWait(await failureOf(attempt('receipt')), 'InDoubt')).toBeLessThanOrEqual(minuteMs);
    expect(calls).toHaveLength(1);
  });

  it('was sent when the feed reports it', async () => {
    const { attempt, calls, store, tag } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await store.sends.confirm(tag('welcome'), 'ses-7');
    expect(await attempt('welcome')).toEqual({ outcome: 'sent', message_id: 'ses-7', version: version('welcome') });
    expect(calls).toHaveLength(1);
  });

  it('was sent, though the process died before it could record that', async () => {
    const { attempt, calls } = await scene([new Error('the process dies')]);
    await expect(attempt('receipt')).rejects.toThrow('the process dies');
    expectWait(await failureOf(attempt('receipt')), 'InDoubt');
    expect(calls).toHaveLength(1);
  });

  it.each(['receipt', 'welcome'] as const)(
    '%s was not sent when the feed is complete past it and does not have it: it is sent, once',
    async (name) => {
      const { attempt, calls, passes, feedPasses } = await scene([lost]);
      await failureOf(attempt(name));
      await passes(name, 3 * minuteMs);
      await feedPasses();
      const result = await attempt(name);
      expect(result).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
      expect(result).not.toHaveProperty('possible_duplicate');
      expect(await attempt(name)).toEqual({ outcome: 'sent', message_id: 'ses-2', version: version(name) });
      expect(calls).toHaveLength(2);
    },
  );

  it('is not decided by one later report, nor by a feed that was not read far enough', async () => {
    const { attempt, calls, passes, store } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await passes('welcome', 10 * minuteMs);
    await store.feed.reported([laterEmails(1)]);
    await store.feed.progress('ingress', 0);
    expectWait(await failureOf(attempt('welcome')), 'InDoubt');
    await store.feed.reported([laterEmails()]);
    await store.feed.progress('another ingress', 20 * minuteMs);
    expectWait(await failureOf(attempt('welcome')), 'InDoubt');
    expect(calls).toHaveLength(1);
    await store.feed.leave('another ingress');
    expect(await attempt('welcome')).toMatchObject({ outcome: 'sent' });
  });

  it('waits for reports as slow as the slowest', async () => {
    const { attempt, calls, passes, store } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await passes('welcome', 10 * minuteMs);
    await store.feed.reported([laterEmails(10, 20 * minuteMs)]);
    await store.feed.progress('ingress', 0);
    expectWait(await failureOf(attempt('welcome')), 'InDoubt');
    expect(calls).toHaveLength(1);
  });

  it('marketing, without a fact: it waits, longer each time, and after a day no one knows', async () => {
    const { attempt, calls, passes, outcomes } = await scene([lost]);
    await failureOf(attempt('welcome'));
    await attempt('receipt'); // the provider works: that says nothing about the email before it
    await passes('welcome', 10 * minuteMs);
    const wait = expectWait(await failureOf(attempt('welcome')), 'InDoubt');
    await passes('welcome', 60 * minuteMs);
    expect(expectWait(await failureOf(attempt('welcome')), 'InDoubt')).toBeGreaterThan(wait);
    await passes('welcome', dayMs);
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(await attempt('welcome')).toEqual({ outcome: 'unknown' });
    expect(calls).toHaveLength(2);
    expect(outcomes).toEqual(['sent', 'unknown']);
  });

  it('transactional, without a fact: it is sent again once the provider accepts emails, and says so', async () => {
    const { attempt, calls, passes } = await scene([lost]);
    await failureOf(attempt('receipt'));
    await attempt('welcome');
    await passes('receipt', 2 * minuteMs);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-3', possible_duplicate: true });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', possible_duplicate: true });
    expect(calls).toHaveLength(3);
  });

  it('transactional, and nothing else is sent: one email at a time is the canary', async () => {
    const { attempt, calls, passes } = await scene([lost, lost]);
    await failureOf(attempt('receipt'));
    await failureOf(attempt('receipt', { key: 'second' }));
    await passes('receipt', 2 * minuteMs);
    await passes('receipt#second', 2 * minuteMs);
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', possible_duplicate: true });
    expect(calls).toHaveLength(3);
  });

  it('transactional, and lost again and again: it is sent three times at most, and then no one knows', async () => {
    const { attempt, calls, passes, alerts } = await scene([lost, lost, lost]);
    await failureOf(attempt('receipt'));
    for (let repeat = 0; repeat < 4; repeat++) {
      await passes('receipt', 10 * minuteMs);
      expectWait(await failureOf(attempt('receipt')), 'InDoubt');
    }
    expect(calls).toHaveLength(3);
    await passes('receipt', dayMs);
    expect(await attempt('receipt')).toEqual({ outcome: 'unknown' });
    expect(alerts).toContain('email.unknown');
  });

  it('is decided by an operator: sent again, or given up', async () => {
    for (const [decision, outcome] of [
      ['send', 'sent'],
      ['give_up', 'unknown'],
    ] as const) {
      const { attempt, passes, store, tag } = await scene([lost]);
      await failureOf(attempt('welcome'));
      await passes('welcome', 2 * minuteMs);
      await failureOf(attempt('welcome'));
      expect(await store.sends.decide(tag('welcome'), decision)).toBe(true);
      expect(await attempt('welcome')).toMatchObject({ outcome });
    }
  });

  it('and whose answer is unknown alerts an operator', async () => {
    const { attempt, alerts } = await scene([{ kind: 'ambiguous', alert: true }]);
    expectWait(await failureOf(attempt('receipt')), 'InDoubt');
    expect(alerts).toEqual(['provider.unknown_answer']);
  });

  it('is sent by one of many attempts that decide it side by side', async () => {
    const { attempt, calls, passes, feedPasses } = await scene([lost]);
    await failureOf(attempt('receipt'));
    await passes('receipt', 3 * minuteMs);
    await feedPasses();
    await Promise.allSettled(Array.from({ length: 8 }, () => attempt('receipt')));
    expect(calls).toHaveLength(2);
  });
});

describe('a provider that does not say any more whether it accepts', () => {
  const lost: SendFailure = { kind: 'ambiguous' };

  it('is not tried with a sixth email: a gate closes', async () => {
    const { attempt, calls, store, alerts } = await scene([lost, lost, lost, lost, lost]);
    for (let i = 0; i < 5; i++) expectWait(await failureOf(attempt('receipt', { key: `${i}` })), 'InDoubt');
    expectWait(await failureOf(attempt('receipt', { key: 'sixth' })), 'GateClosed');
    expect(calls).toHaveLength(5);
    expect(await store.stops.gates()).toMatchObject([{ scope: 'provider', reason: 'provider_unreliable' }]);
    expect(alerts).toEqual(['gate.closed']);
  });

  it('is believed again after one email that it accepted in between', async () => {
    const { attempt, store } = await scene([lost, lost, lost, lost, 'ses-5', lost, lost, lost, lost]);
    for (let i = 0; i < 9; i++) await attempt('receipt', { key: `${i}` }).catch(() => undefined);
    expect(await store.stops.gates()).toEqual([]);
  });

  it('is tried by one email at a time once reading calls work again', async () => {
    let gate: 'open' | 'closed' | 'ready' = 'closed';
    const { attempt, calls, store } = await scene([lost], { gate: () => gate });
    await store.stops.close({ scope: 'provider', reason: 'provider_unreliable', detail: '', opens: 'probe' });
    expectWait(await failureOf(attempt('receipt')), 'GateClosed');
    gate = 'ready';
    expectWait(await failureOf(attempt('receipt')), 'InDoubt');
    expectWait(await failureOf(attempt('receipt', { key: 'second' })), 'GateClosed');
    expect(calls).toHaveLength(1);
  });

  it('is used again once it has accepted that one', async () => {
    const { attempt, calls, store } = await scene([], { gate: () => 'ready' });
    await store.stops.close({ scope: 'provider', reason: 'provider_unreliable', detail: '', opens: 'probe' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    await expect.poll(() => store.stops.gates()).toEqual([]);
    expect(await attempt('receipt', { key: 'second' })).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(2);
  });
});

describe('a worker that stood still', () => {
  const frozen = (): Promise<void> => new Promise((thaw) => setTimeout(thaw, 1_100));

  it('sends nothing when another attempt has taken its email over meanwhile', async () => {
    let takeOver = async () => {};
    const { attempt, calls, identity, store, tag } = await scene([], { beforeCall: () => takeOver() });
    takeOver = async () => {
      await frozen();
      const { claim = '' } = (await store.sends.read(tag('receipt'))) ?? {};
      const { seen } = await store.sends.look(identity('receipt'));
      await store.sends.claim(identity('receipt'), { id: 'another', seen, stops: [], over: claim });
    };
    expectWait(await failureOf(attempt('receipt')), 'ClaimedElsewhere');
    expect(calls).toEqual([]);
    expect(await store.sends.read(tag('receipt'))).toMatchObject({ claim: 'another' });
  });

  it('sends nothing when the person opted out meanwhile, and gives its claim back', async () => {
    let optOut = async () => {};
    const { attempt, calls, store, ada, tag } = await scene([], { beforeCall: () => optOut() });
    optOut = async () => {
      await frozen();
      await optsOut(store, ada.user_id, 'onboarding', Date.now());
    };
    expectWait(await failureOf(attempt('welcome')), 'ChangedSinceLook');
    expect(calls).toEqual([]);
    expect(await store.sends.read(tag('welcome'))).toMatchObject({ state: 'released' });
    expect(await attempt('welcome')).toEqual({ outcome: 'no_consent' });
  });

  it('whose claim still holds sends, and the claim counts from then', async () => {
    let dispatchedAt = 0;
    const { attempt, calls, store, tag } = await scene([], {
      beforeCall: async () => {
        dispatchedAt = (await store.sends.read(tag('receipt')))?.dispatchedAt ?? 0;
        await frozen();
      },
    });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
    expect(calls).toHaveLength(1);
    expect((await store.sends.read(tag('receipt')))?.dispatchedAt).toBeGreaterThanOrEqual(dispatchedAt + 1_000);
  });
});

describe('a ledger that does not answer', () => {
  /** The statement is executed, and its reply is lost. */
  const replyLost = (store: Store, name: 'claim' | 'release' | 'accept') => {
    const does = store.sends[name].bind(store.sends) as (...args: unknown[]) => Promise<unknown>;
    vi.spyOn(store.sends, name).mockImplementationOnce(async (...args: unknown[]) => {
      await does(...args);
      throw new Error('Query read timeout');
    });
  };

  it('to the claim: nothing was sent under it, and the next attempt knows that', async () => {
    const { attempt, calls, store } = await scene();
    replyLost(store, 'claim');
    expectWait(await failureOf(attempt('receipt')), 'StoreUnavailable');
    expect(await attempt('receipt')).toEqual({ outcome: 'sent', message_id: 'ses-1', version: version('receipt') });
    expect(calls).toHaveLength(1);
  });

  it('to the release after a refusal that certainly sent nothing: the next attempt claims at once', async () => {
    const { attempt, calls, store } = await scene([{ kind: 'unavailable' }]);
    replyLost(store, 'release');
    expectWait(await failureOf(attempt('receipt')), 'ProviderUnavailable');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-2' });
    expect(calls).toHaveLength(2);
  });

  it('to the record: the email was sent, and is not sent again', async () => {
    const { attempt, calls, store } = await scene();
    replyLost(store, 'accept');
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-1' });
    expect(await attempt('receipt')).toMatchObject({ outcome: 'sent', message_id: 'ses-1' });
    expect(calls).toHaveLength(1);
  });
});
