import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { zoneTable } from '../activities/zone-table.ts';
import { daysAfter, daysBefore, next, nextWeekday, wallClock } from '../workflows/lib/local-time.ts';

const at = (text: string) => Date.parse(text);
const berlin = (from: string) => zoneTable('Europe/Berlin', at(from));

describe('a moment where somebody is', () => {
  const zone = berlin('2026-01-01T00:00Z');
  const iso = (instant: number) => new Date(instant).toISOString().slice(0, 16);

  it.each([
    ['nine, asked at eight: today', next('09:00'), '2026-06-01T06:00Z', '2026-06-01T07:00'],
    ['nine, asked at nine: tomorrow', next('09:00'), '2026-06-01T07:00Z', '2026-06-02T07:00'],
    ['nine, over the night of summer time', next('09:00'), '2026-03-28T22:00Z', '2026-03-29T07:00'],
    [
      'half past two, which never comes that night: half past three',
      next('02:30'),
      '2026-03-28T22:00Z',
      '2026-03-29T01:30',
    ],
    ['half past two, which comes twice that night: the first', next('02:30'), '2026-10-24T22:00Z', '2026-10-25T00:30'],
    [
      'a weekday at nine, asked on Friday at ten: Monday',
      nextWeekday('09:00'),
      '2026-11-27T09:00Z',
      '2026-11-30T08:00',
    ],
    ['three days before', daysBefore(at('2026-04-01T12:00Z'), 3, '09:00'), '2026-01-01T00:00Z', '2026-03-29T07:00'],
    [
      'before the 1st of March of a leap year: the 29th of February',
      daysBefore(at('2028-03-01T12:00Z'), 1, '09:00'),
      '2026-01-01T00:00Z',
      '2028-02-29T08:00',
    ],
    [
      'a day after the 28th of February otherwise: the 1st of March',
      daysAfter(at('2027-02-28T12:00Z'), 1, '09:00'),
      '2026-01-01T00:00Z',
      '2027-03-01T08:00',
    ],
    [
      'a date of long ago lies in the past',
      daysBefore(at('2026-02-01T12:00Z'), 3, '09:00'),
      '2026-06-01T00:00Z',
      '2026-01-29T08:00',
    ],
  ] as const)('%s', (_, moment, now, expected) => {
    expect(iso(moment(zone, at(now)))).toBe(expected);
  });

  it('is told as the clock on their wall shows it', () => {
    expect(wallClock(zone, at('2026-07-01T07:00Z'))).toBe('2026-07-01 09:00');
  });

  it.each(['9:00', '24:00', '12:60', 'noon', ''])('is not "%s", and the message says how to write it', (time) => {
    expect(() => next(time)(zone, at('2026-06-01T06:00Z'))).toThrow('write it as "09:00"');
  });
});

describe('a zone as data', () => {
  it('has a row for each change of two years, and one from two days before, and no more', () => {
    expect(berlin('2026-01-01T00:00Z')).toHaveLength(5);
    expect(zoneTable('UTC', at('2026-01-01T00:00Z'))).toEqual([[at('2025-12-30T00:00Z'), 0]]);
  });

  it('of a place that does not exist is an error', () => {
    expect(() => zoneTable('Mars/Olympus', 0)).toThrow(RangeError);
  });
});

describe('a time of day beyond the two years of the table', () => {
  const day = 86_400_000;
  const asked = at('2026-11-26T00:00Z');

  it('is nine in the winter and in the summer of ten years later', () => {
    const zone = zoneTable('Europe/Berlin', asked);
    const nine = (date: string) => new Date(daysBefore(at(date), 3, '09:00')(zone, asked)).toISOString();
    expect(nine('2036-07-10T12:00Z')).toBe('2036-07-07T07:00:00.000Z');
    expect(nine('2037-01-10T12:00Z')).toBe('2037-01-07T08:00:00.000Z');
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'America/Santiago', 'Asia/Kolkata'])(
    'is never wrong in %s but within a week of a change of the clocks',
    (name) => {
      const zone = zoneTable(name, asked);
      const dates = Array.from({ length: 20 * 365 }, (_, index) => asked + index * day);
      const truth = (date: number) => zoneTable(name, date)[0]?.[1];
      const told = (date: number) => at(`${wallClock(zone, date).replace(' ', 'T')}Z`) - date;
      const wrong = dates.filter((date) => told(date) !== truth(date + 2 * day));
      const far = wrong.filter((date) => truth(date - 5 * day) === truth(date + 9 * day));
      expect(far.map((date) => new Date(date).toISOString())).toEqual([]);
      expect(wrong.length).toBeLessThan(20 * 14);
    },
  );
});

describe('every zone there is', () => {
  const list =
    'import json, zoneinfo; print(json.dumps(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})))';
  const zones = JSON.parse(execFileSync('python3', ['-c', list]).toString()) as string[];
  const from = at('2026-01-01T00:00Z');
  const days = 86_400_000;
  const tables = new Map(zones.map((zone) => [zone, zoneTable(zone, from)]));

  /** The same numbers in every run. */
  let seed = 20_261_124;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };

  /** Half of them within two days of a change of the clocks, where there is one. */
  function aCase() {
    const zone = zones[random(zones.length)] ?? 'UTC';
    const changes = (tables.get(zone) ?? []).slice(1);
    const [change] = changes[random(changes.length)] ?? [];
    const anywhere = from + 3 * days + random(700) * days + random(days);
    const near = change !== undefined && random(2) === 0 ? change - 2 * days + random(3 * days) : anywhere;
    const now = Math.max(from + 2 * days, near);
    const time = `${String(random(24)).padStart(2, '0')}:${String(random(60)).padStart(2, '0')}`;
    const kind = (['next', 'nextWeekday', 'daysBefore'] as const)[random(3)] ?? 'next';
    return { zone, now, time, kind, date: now, days: random(2) };
  }

  it('is known here, by each of its names', () => {
    expect(zones.length).toBeGreaterThan(400);
    expect(tables.size).toBe(zones.length);
  });

  it('knows 10,000 local times as Python does', () => {
    const cases = Array.from({ length: 10_000 }, aCase);
    const script = fileURLToPath(new URL('./support/local-times.py', import.meta.url));
    const input = cases.map((each) => JSON.stringify(each)).join('\n');
    const expected = JSON.parse(
      execFileSync('python3', [script], { input, maxBuffer: 2 ** 26 }).toString(),
    ) as number[];
    const ours = cases.map(({ zone, now, time, kind, date, days }) => {
      const moment = { next: next(time), nextWeekday: nextWeekday(time), daysBefore: daysBefore(date, days, time) }[
        kind
      ];
      return moment(tables.get(zone) ?? [], now);
    });
    const different = cases
      .map((each, index) => ({ ...each, ours: ours[index], python: expected[index] }))
      .filter(({ ours, python }) => ours !== python);
    expect(different).toEqual([]);
  }, 60_000);
});
