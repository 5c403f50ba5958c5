import { expect, it } from 'vitest';

import { type Person, simulate } from '../../simulation/simulate.ts';

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

it('ada opts out: nothing more comes', async () => {
  const calendar = await simulate('win-back', ada, { on: ['day 5: opts out of offers'] });
  expect([calendar.ended, calendar.mails.length]).toEqual(['cancelled', 1]);
});

it('one in ten gets nothing, and is followed all the same', async () => {
  const people = Array.from({ length: 200 }, (_, index) => `person_${index}`);
  const outcomes = await Promise.all(
    people.map(async (user_id) => {
      const { outcome, mails } = await simulate('win-back', { ...ada, user_id }, { on: ['day 5: user.returned'] });
      return `${String(outcome)}, ${mails.length} mails`;
    }),
  );
  const held = outcomes.filter((outcome) => outcome === 'holdout: returned, 0 mails').length;
  expect(new Set(outcomes)).toEqual(new Set(['mailed: returned, 1 mails', 'holdout: returned, 0 mails']));
  expect(held).toBeGreaterThan(8);
  expect(held).toBeLessThan(36);
});
