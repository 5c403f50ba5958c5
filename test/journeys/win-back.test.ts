import { expect, it, vi } from 'vitest';

import { type Person, simulate } from '../../simulation/simulate.ts';
import { cohort } from '../../workflows/lib/cohort.ts';

// Outside a workflow there is no story to tell; the simulation has its own.
vi.mock('../../workflows/lib/story.ts', () => ({ note: () => {} }));

const ada: Person = {
  user_id: 'ada',
  name: 'Ada',
  email: 'ada@example.com',
  time_zone: 'Asia/Tokyo',
  topics: ['offers'],
};

it('ada does not come back: two mails at ten where she is, and an end after a month', async () => {
  expect(String(await simulate('win-back', ada))).toMatchInlineSnapshot(`
    "win-back for Ada, in Asia/Tokyo

    Tue 2026-11-24 10:00  starts     user.became_inactive
                          waits      until 2026-11-25 10:00 local time for user.returned
    Wed 2026-11-25 10:00  mail       we-miss-you  Everything is where you left it
                          waits      until 2026-12-05 10:00 local time for user.returned
    Sat 2026-12-05 10:00  mail       last-word    Shall we stop writing?
                          waits      until 2026-12-25 10:00 local time for user.returned
    Fri 2026-12-25 10:00  ends       mailed: gone"
  `);
});

it('ada comes back in the middle of a wait: it ends at once', async () => {
  expect(String(await simulate('win-back', ada, { on: ['day 5: user.returned'] }))).toMatchInlineSnapshot(`
    "win-back for Ada, in Asia/Tokyo

    Tue 2026-11-24 10:00  starts     user.became_inactive
                          waits      until 2026-11-25 10:00 local time for user.returned
    Wed 2026-11-25 10:00  mail       we-miss-you  Everything is where you left it
                          waits      until 2026-12-05 10:00 local time for user.returned
    Sun 2026-11-29 10:00  hears      user.returned
                          ends       mailed: returned"
  `);
});

it('ada comes back while the provider keeps a mail waiting: it does not leave', async () => {
  const on = ['day 1 09:00: provider throttles for 6 hours', 'day 1 12:00: user.returned'];
  const { mails, outcome } = await simulate('win-back', ada, { on });
  expect([outcome, mails]).toEqual(['mailed: returned', []]);
});

it('ada opts out: nothing more comes', async () => {
  const calendar = await simulate('win-back', ada, { on: ['day 5: opts out of offers'] });
  expect([calendar.ended, calendar.mails.length]).toEqual(['cancelled', 1]);
});

const groupOf = (id: string) => cohort({ id }, 'win-back', { mailed: 90, holdout: 10 });
const people = Array.from({ length: 40 }, (_, index) => `person_${index}`);

it('one in ten gets nothing, and is followed all the same', async () => {
  const grace = { ...ada, name: 'Grace', user_id: people.find((id) => groupOf(id) === 'holdout')! };
  expect(String(await simulate('win-back', grace))).toMatchInlineSnapshot(`
    "win-back for Grace, in Asia/Tokyo

    Tue 2026-11-24 10:00  starts     user.became_inactive
                          waits      until 2026-11-25 10:00 local time for user.returned
    Wed 2026-11-25 10:00  waits      until 2026-12-05 10:00 local time for user.returned
    Sat 2026-12-05 10:00  waits      until 2026-12-25 10:00 local time for user.returned
    Fri 2026-12-25 10:00  ends       holdout: gone"
  `);
});

it('everybody is in the group that was drawn for them', async () => {
  for (const user_id of people) {
    const { outcome, mails } = await simulate('win-back', { ...ada, user_id }, { on: ['day 5: user.returned'] });
    const group = groupOf(user_id);
    expect([outcome, mails.length], user_id).toEqual([`${group}: returned`, group === 'mailed' ? 1 : 0]);
  }
});
