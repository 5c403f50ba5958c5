import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { opensAt } from '../activities/send-window.ts';
import type { SendingTimes } from '../config/sending-times.ts';
import { expectWait, failureOf, monday, serversOfThisFile, scene, version } from './support/scene.ts';

serversOfThisFile();
afterEach(() => vi.useRealTimers());

const night: SendingTimes = { quiet_hours: { from: '21:00', to: '08:00' } };
const at = (iso: string) => Date.parse(iso);
const opens = (times: SendingTimes, zone: string, now: string) => {
  const instant = opensAt([times], zone, at(now));
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

describe('the hour at which a mail may leave', () => {
  it('is now, to the millisecond, when it may leave now', () => {
    expect(opens(night, 'Europe/Berlin', '2026-11-24T12:00:07.123Z')).toBe('2026-11-24T12:00:07.123Z');
  });

  it('is by the clock of the person', () => {
    expect(opens(night, 'Asia/Kathmandu', '2026-11-24T16:00:30Z')).toBe('2026-11-25T02:15:00.000Z');
    expect(opens(night, 'America/New_York', '2026-11-24T16:00:30Z')).toBe('2026-11-24T16:00:30.000Z');
  });

  it('is an hour nearer in the night that is an hour shorter, and further in the longer one', () => {
    expect(opens(night, 'Europe/Berlin', '2026-03-28T22:00:00Z')).toBe('2026-03-29T06:00:00.000Z');
    expect(opens(night, 'Europe/Berlin', '2026-10-24T22:00:00Z')).toBe('2026-10-25T07:00:00.000Z');
  });

  it('is the moment after the gap when its own time is skipped, and the first of two when it comes twice', () => {
    const small: SendingTimes = { send_window: { from: '02:30' } };
    expect(opens(small, 'Europe/Berlin', '2026-03-29T00:10:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(opens(small, 'Europe/Berlin', '2026-10-24T23:10:00Z')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('closes again when the clock goes back into the quiet hours', () => {
    const early: SendingTimes = { quiet_hours: { from: '01:00', to: '02:45' } };
    expect(opens(early, 'Europe/Berlin', '2026-10-25T00:50:00Z')).toBe('2026-10-25T00:50:00.000Z');
    expect(opens(early, 'Europe/Berlin', '2026-10-25T01:05:00Z')).toBe('2026-10-25T01:45:00.000Z');
  });

  it('passes a window that the clock skips whole, to the next week', () => {
    const skipped: SendingTimes = { send_window: { days: ['sun'], from: '02:00', to: '03:00' } };
    expect(opens(skipped, 'Europe/Berlin', '2026-03-28T12:00:00Z')).toBe('2026-04-05T00:00:00.000Z');
    const friday: SendingTimes = { send_window: { days: ['fri'] } };
    expect(opens(friday, 'Pacific/Apia', '2011-12-29T20:00:00Z')).toBe('2012-01-05T10:00:00.000Z');
  });

  it('is by UTC for a zone that nobody knows, and for nobody’s zone', () => {
    expect(opens(night, 'Atlantis/Old_Town', '2026-11-24T23:00:00Z')).toBe('2026-11-25T08:00:00.000Z');
    expect(opensAt([night], undefined, at('2026-11-24T23:00:00Z'))).toBe(at('2026-11-25T08:00:00Z'));
  });

  it('does not exist when the times leave none', () => {
    const never: SendingTimes[] = [{ send_window: { days: ['mon'] } }, { send_window: { days: ['tue'] } }];
    expect(opensAt(never, 'Europe/Berlin', monday)).toBeUndefined();
  });

  it('is what trying every minute on the platform’s own clocks finds, around every kind of change', () => {
    fc.assert(
      fc.property(fc.array(someTimes, { minLength: 1, maxLength: 2 }), nearAChange, (times, { zone, now }) => {
        expect(opensAt(times, zone, now)).toBe(firstOpenMinute(times, zone, now));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a marketing mail', () => {
  const silent = { sendingTimes: () => [night] };
  const clock = (iso: string) => vi.useFakeTimers({ toFake: ['Date'], now: at(iso) });

  it('that is ready at night is deferred to the morning of the person: nothing is booked, claimed or sent', async () => {
    clock('2026-11-24T22:30:00Z');
    const { attempt, calls, store, ada, tag, outcomes } = await scene([], silent);
    await store.contacts.record(ada.user_id, { time_zone: 'America/New_York' }, monday);
    expect(await attempt('welcome')).toMatchObject({ outcome: 'sent' });

    await store.contacts.record(ada.user_id, { time_zone: 'Europe/Berlin' }, monday + 1);
    const take = vi.spyOn(store.slots, 'take');
    const deferred = { outcome: 'deferred', until: at('2026-11-25T07:00:00Z'), version: expect.any(String) };
    expect(await attempt('welcome', { key: 'second' })).toEqual(deferred);
    expect(await attempt('welcome', { key: 'second' })).toEqual(deferred);
    expect(take).not.toHaveBeenCalled();
    expect(await store.sends.read(tag('welcome#second'))).toBeUndefined();
    expect(calls).toHaveLength(1);
    expect(outcomes).toEqual(['sent', 'deferred', 'deferred']);

    clock('2026-11-25T07:00:00Z');
    expect(await attempt('welcome', { key: 'second' })).toMatchObject({ outcome: 'sent' });
    expect(await store.sends.read(tag('welcome#second'))).toMatchObject({ state: 'accepted' });
    expect(calls).toHaveLength(2);
  });

  it('that was accepted by day tells its result at night', async () => {
    clock('2026-11-24T12:00:00Z');
    const { attempt, calls } = await scene([], silent);
    await attempt('welcome');
    clock('2026-11-24T23:00:00Z');
    expect(await attempt('welcome')).toEqual({ outcome: 'sent', message_id: 'ses-1', version: version('welcome') });
    expect(calls).toHaveLength(1);
  });

  it('whose attempt failed in the evening waits for the morning, with its failures remembered', async () => {
    clock('2026-11-24T20:59:59Z');
    const { attempt, calls } = await scene([{ kind: 'unavailable' }, { kind: 'unavailable' }], silent);
    const first = expectWait(await failureOf(attempt('welcome')), 'ProviderUnavailable');
    clock('2026-11-24T21:00:00Z');
    expect(await attempt('welcome')).toMatchObject({ outcome: 'deferred', until: at('2026-11-25T08:00:00Z') });
    clock('2026-11-25T08:00:00Z');
    expect(expectWait(await failureOf(attempt('welcome')), 'ProviderUnavailable')).toBeGreaterThan(first);
    expect(calls).toHaveLength(2);
  });

  it('keeps to the hours of its own journey and topic, as they are at that moment', async () => {
    clock('2026-11-24T23:00:00Z');
    const asked: unknown[] = [];
    let times: SendingTimes[] = [night];
    const { attempt } = await scene([], {
      sendingTimes: (...of) => {
        asked.push(of);
        return times;
      },
    });
    expect(await attempt('welcome', { journey: 'onboarding' })).toMatchObject({ outcome: 'deferred' });
    times = [];
    expect(await attempt('welcome', { journey: 'onboarding' })).toMatchObject({ outcome: 'sent' });
    expect(asked).toEqual([
      ['onboarding', 'onboarding'],
      ['onboarding', 'onboarding'],
    ]);
  });

  it('whose hours leave no time at all waits, and says why, until the configuration changes', async () => {
    const never: SendingTimes[] = [{ send_window: { days: ['mon'] } }, { send_window: { days: ['tue'] } }];
    const { attempt, alerts, calls } = await scene([], { sendingTimes: () => never });
    const failure = await failureOf(attempt('welcome', { journey: 'onboarding' }));
    expect(expectWait(failure, 'NeverAnHour')).toBeGreaterThanOrEqual(5_000);
    expect(failure.message).toContain('journey "onboarding" and topic "onboarding" have no minute in common');
    expect(alerts).toEqual(['email.never_an_hour']);
    expect(calls).toEqual([]);
  });
});

it('a transactional mail leaves at any hour', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: at('2026-11-24T23:00:00Z') });
  const { attempt } = await scene([], { sendingTimes: () => [night] });
  expect(await attempt('receipt')).toMatchObject({ outcome: 'sent' });
});

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30', '59'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const differ = ({ from, to }: { from: string; to: string }) => from !== to;
const someTimes: fc.Arbitrary<SendingTimes> = fc.oneof(
  fc.record({ quiet_hours: fc.record({ from: time, to: time }).filter(differ) }),
  fc.record({ send_window: fc.record({ from: time, to: time }).filter(differ) }),
  fc.record({
    send_window: fc
      .record({ days: fc.subarray([...weekdays], { minLength: 1 }), from: time, to: fc.constantFrom('24:00', '03:15') })
      .filter(differ),
  }),
);

/** Up to two days before a change of the clock, or up to one after it. */
const nearAChange = fc
  .record({
    change: fc.constantFrom(
      ['Europe/Berlin', '2026-03-29T01:00Z'],
      ['Europe/Berlin', '2026-10-25T01:00Z'],
      ['America/New_York', '2026-03-08T07:00Z'],
      ['America/New_York', '2026-11-01T06:00Z'],
      ['Australia/Lord_Howe', '2026-04-04T15:00Z'], // half an hour
      ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
      ['Africa/Casablanca', '2026-02-15T02:00Z'], // back for Ramadan
      ['Africa/Casablanca', '2026-03-22T02:00Z'],
      ['Pacific/Apia', '2011-12-30T10:00Z'], // a Friday that never was
      ['Asia/Kathmandu', '2026-06-01T00:00Z'], // 05:45 ahead, and no change
    ),
    before: fc.integer({ min: -86_400_000, max: 2 * 86_400_000 }),
  })
  .map(({ change: [zone = '', instant = ''], before }) => ({ zone, now: Date.parse(instant) - before }));

/** The slow way: looks at the wall clock of every minute, as Intl tells it. */
function firstOpenMinute(times: SendingTimes[], timeZone: string, now: number): number | undefined {
  const clock = new Intl.DateTimeFormat('en', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  for (let instant = now; instant < now + 15 * 86_400_000; instant = Math.floor(instant / 60_000) * 60_000 + 60_000) {
    const [, day = '', clockTime = ''] = /^(\w+)\W+(\d\d:\d\d)$/.exec(clock.format(instant)) ?? [];
    if (times.every((one) => isOpen(one, day.toLowerCase(), clockTime))) return instant;
  }
  return undefined;
}

/** Compares the times as text. */
function isOpen({ quiet_hours: quiet, send_window: window }: SendingTimes, day: string, time: string): boolean {
  const within = (from: string, to: string) => (from < to ? from <= time && time < to : time >= from || time < to);
  if (quiet && within(quiet.from, quiet.to)) return false;
  if (!window) return true;
  const { from = '00:00', to = '24:00', days = weekdays } = window;
  const yesterday = weekdays[(weekdays.findIndex((name) => name === day) + 6) % 7];
  const opened = from < to || time >= from ? day : yesterday;
  return within(from, to) && days.some((name) => name === opened);
}
