import { describe, expect, it } from 'vitest';

import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { simulate } from '../simulation/simulate.ts';
import { ada, mailsOf, said } from './support/calendar.ts';
import { noSecret } from '../config/environment.ts';

describe('hours', () => {
  const { config } = loadConfig({ ...process.env, RIVULET_SECRET: noSecret });
  const quiet = (from: string, to: string): Config => {
    const { onboarding: topic = { title: 'Getting started' }, ...others } = config.topics;
    return { ...config, topics: { ...others, onboarding: { ...topic, quiet_hours: { from, to } } } };
  };

  it('that are quiet: a mail of the night waits for the morning where they are', async () => {
    const calendar = await simulate('onboarding', ada, { from: '2026-11-24T22:15', config: quiet('21:00', '08:00') });
    expect(mailsOf(calendar)).toEqual([
      'Wed 2026-11-25 08:00 welcome',
      'Thu 2026-11-26 08:00 first-project',
      'Sun 2026-11-29 08:00 invite-team',
    ]);
    expect(said(calendar, 'deferred')).toEqual(['its hours begin Wed 2026-11-25 08:00']);
    expect(said(calendar, 'waits')).toHaveLength(3); // for her project, and not once more for the hours
  });

  it('of somebody who moves are those of the new place', async () => {
    const on = ['day 0 23:00: moves to America/New_York', 'day 3 09:30: project.created'];
    const calendar = await simulate('onboarding', ada, { on, config: quiet('03:00', '09:00') });
    expect(mailsOf(calendar)[1]).toBe('Wed 2026-11-25 09:00 first-project');
    expect(calendar.entries.at(-1)).toMatchObject({ local: 'Fri 2026-11-27 09:30', what: 'ends' });
  });
});

describe('the weekend on which the clocks change', () => {
  it('makes a day of 24 hours end an hour earlier on the wall of Berlin, and the calendar says why', async () => {
    const calendar = await simulate('onboarding', ada, { from: '2026-10-24T10:00' });
    expect(mailsOf(calendar)[1]).toBe('Sun 2026-10-25 09:00 first-project');
    const clocks = calendar.entries.find(({ what }) => what === 'clocks');
    expect(clocks).toMatchObject({ local: 'Sun 2026-10-25 02:00', why: 'back 1 hour, to UTC+01:00' });
  });

  it('makes it end an hour later in New York in spring', async () => {
    const grace = { ...ada, time_zone: 'America/New_York' };
    const calendar = await simulate('onboarding', grace, { from: '2027-03-13T10:00' });
    expect(mailsOf(calendar)[1]).toBe('Sun 2027-03-14 11:00 first-project');
    expect(said(calendar, 'clocks')).toEqual(['forward 1 hour, to UTC-04:00']);
  });

  it('does not move nine in the morning', async () => {
    const payload = { trial_ends_at: Date.parse('2026-10-28T12:00:00Z') };
    const calendar = await simulate('trial-ending', ada, { from: '2026-10-20T10:00', payload });
    expect(mailsOf(calendar)).toEqual([
      'Sun 2026-10-25 09:00 trial-ends-soon',
      'Tue 2026-10-27 09:00 trial-ends-tomorrow',
    ]);
  });

  it('does not move a happening either: three days later is the same time on the wall', async () => {
    const calendar = await simulate('onboarding', ada, { from: '2026-10-24T10:00', on: ['day 3: project.created'] });
    expect(calendar.entries.at(-1)?.local).toBe('Tue 2026-10-27 10:00');
  });
});
