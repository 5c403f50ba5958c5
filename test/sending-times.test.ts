import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { closedPairs } from '../config/closed-pairs.ts';
import {
  minutesUntilOpen,
  opensSometimes,
  sendingTimes,
  type SendingTimes,
  sendingTimesOf,
} from '../config/sending-times.ts';

const schema = z.strictObject(sendingTimes).refine(...opensSometimes);

const mistakes = (settings: unknown) =>
  (schema.safeParse(settings).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** The minute of the week of "fri 18:30". */
function minute(text: string): number {
  const [day = '', time = ''] = text.split(' ');
  const [hours = NaN, minutes = NaN] = time.split(':').map(Number);
  return days.indexOf(day) * 1440 + hours * 60 + minutes;
}

/** When a mail that is ready at this time of the week may leave. */
function leaves(ready: string, ...times: SendingTimes[]): string {
  const wait = minutesUntilOpen(times, minute(ready));
  if (wait === undefined) return 'never';
  const at = (minute(ready) + wait) % (7 * 1440);
  const [hours, minutes] = [Math.floor((at % 1440) / 60), at % 60];
  return `${days[Math.floor(at / 1440)]} ${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

const night = { quiet_hours: { from: '21:00', to: '08:00' } };
const office: SendingTimes = { send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' } };

describe('a mail', () => {
  it.each([
    ['mon 20:59', 'mon 20:59'],
    ['mon 21:00', 'tue 08:00'],
    ['tue 03:00', 'tue 08:00'],
    ['tue 07:59', 'tue 08:00'],
    ['tue 08:00', 'tue 08:00'],
    ['sun 23:30', 'mon 08:00'],
  ])('with quiet hours over night, ready on %s, leaves on %s', (ready, at) => expect(leaves(ready, night)).toBe(at));

  it.each([
    ['thu 08:59', 'thu 09:00'],
    ['thu 16:59', 'thu 16:59'],
    ['thu 17:00', 'fri 09:00'],
    ['fri 17:00', 'mon 09:00'],
    ['sat 12:00', 'mon 09:00'],
  ])('with office hours, ready on %s, leaves on %s', (ready, at) => expect(leaves(ready, office)).toBe(at));

  it('waits within the day for quiet hours that cross no midnight', () => {
    const lunch = { quiet_hours: { from: '12:00', to: '13:30' } };
    expect(leaves('wed 12:10', lunch)).toBe('wed 13:30');
    expect(leaves('wed 13:30', lunch)).toBe('wed 13:30');
    expect(leaves('wed 11:59', lunch)).toBe('wed 11:59');
  });

  it('has a Friday night that ends on Saturday, not a Friday morning', () => {
    const friday: SendingTimes = { send_window: { days: ['fri'], from: '18:00', to: '02:00' } };
    expect(leaves('fri 01:00', friday)).toBe('fri 18:00');
    expect(leaves('sat 01:59', friday)).toBe('sat 01:59');
    expect(leaves('sat 02:00', friday)).toBe('fri 18:00');
    const sunday: SendingTimes = { send_window: { days: ['sun'], from: '22:00', to: '06:00' } };
    expect(leaves('mon 05:59', sunday)).toBe('mon 05:59');
    expect(leaves('mon 06:00', sunday)).toBe('sun 22:00');
  });

  it('has the whole day where a window names days alone, and every day where it names hours alone', () => {
    const weekend: SendingTimes = { send_window: { days: ['sat', 'sun'] } };
    expect(leaves('fri 23:59', weekend)).toBe('sat 00:00');
    expect(leaves('sun 23:59', weekend)).toBe('sun 23:59');
    expect(leaves('mon 00:00', weekend)).toBe('sat 00:00');
    expect(leaves('sat 08:00', { send_window: { from: '09:00' } })).toBe('sat 09:00');
    expect(leaves('sat 23:59', { send_window: { from: '09:00' } })).toBe('sat 23:59');
    expect(leaves('sat 12:00', { send_window: { to: '12:00' } })).toBe('sun 00:00');
    expect(leaves('sat 23:59', { quiet_hours: { from: '20:00', to: '24:00' } })).toBe('sun 00:00');
  });

  it('keeps to all of its times at once, and to none when it has none', () => {
    const late: SendingTimes = { send_window: { from: '16:00' } };
    expect(leaves('thu 17:00', night, office, late)).toBe('fri 16:00');
    expect(leaves('fri 17:00', night, office, late)).toBe('mon 16:00');
    expect(leaves('sun 03:00')).toBe('sun 03:00');
  });

  it('never leaves when two of its times have no minute in common', () => {
    expect(leaves('mon 12:00', office, { send_window: { days: ['sat'] } })).toBe('never');
  });
});

describe('sending times that are refused', () => {
  it.each([
    [{ quiet_hours: { from: '9:00', to: '10:00' } }, 'quiet_hours.from: must be a time from "00:00" to "23:59"'],
    [{ quiet_hours: { from: '24:00', to: '08:00' } }, 'quiet_hours.from: must be a time from "00:00" to "23:59"'],
    [{ quiet_hours: { from: '23:00', to: '24:01' } }, /^quiet_hours\.to: must be a time .* "24:00" for the end/],
    [{ quiet_hours: { from: 9, to: '08:00' } }, 'quiet_hours.from: must be a time in quotes such as "09:00"'],
    [{ quiet_hours: { from: '08:00', to: '08:00' } }, 'quiet_hours.to: must be another time than `from`'],
    [{ quiet_hours: { from: '00:00', to: '24:00' } }, /^quiet_hours\.to: must leave some time of the day/],
    [{ quiet_hours: { from: '21:00' } }, /^quiet_hours\.to: /],
    [{ send_window: {} }, 'send_window: must say at least one of days, from, to'],
    [{ send_window: { days: [] } }, 'send_window.days: must name at least one day, or be left out'],
    [{ send_window: { days: ['monday'] } }, /^send_window\.days\.0: .*"mon"/],
    [{ send_window: { from: '17:00', to: '17:00' } }, /^send_window\.to: must be another time/],
    [{ send_window: { to: '00:00' } }, /^send_window\.to: .*"00:00" when left out/],
    [{ ...night, send_window: { from: '22:00', to: '06:00' } }, /^send_window: lies within quiet_hours/],
  ])('%j', (settings, message) => {
    const [only, ...others] = mistakes(settings);
    if (typeof message === 'string') expect(only).toBe(message);
    else expect(only).toMatch(message);
    expect(others).toEqual([]);
  });

  it('of a journey and its topic, which each alone would leave time, are told with both places', () => {
    const config = {
      journeys: { onboarding: office, 'win-back': night },
      topics: { onboarding: { send_window: { days: ['sat' as const] } }, offers: office },
    };
    const pairs = [
      { journey: 'onboarding', topic: 'onboarding' },
      { journey: 'onboarding', topic: 'offers' },
      { journey: 'win-back', topic: 'onboarding' },
      { journey: 'receipt' },
    ];
    expect(closedPairs(config, pairs, (path) => `<${path.join('/')}>`)).toEqual([
      '<journeys/onboarding/send_window> journeys.onboarding.send_window: leaves no time that topics.onboarding ' +
        '(<topics/onboarding/send_window>) leaves too: no mail would ever leave',
    ]);
  });
});

it('the times of a mail are those of its journey and of its topic', () => {
  const config = { journeys: { onboarding: office, receipt: {} }, topics: { offers: night } };
  expect(sendingTimesOf(config, 'onboarding', 'offers')).toEqual([office, night]);
  expect(sendingTimesOf(config, 'receipt', 'offers')).toEqual([night]);
  expect(sendingTimesOf(config, 'receipt', 'onboarding')).toEqual([]);
  expect(sendingTimesOf(config, undefined, undefined)).toEqual([]);
});
