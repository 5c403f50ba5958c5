import { expect, it } from 'vitest';

import { simulate } from '../../simulation/simulate.ts';

const ada = {
  user_id: 'ada',
  name: 'Ada',
  email: 'ada@example.com',
  time_zone: 'Europe/Berlin',
  topics: ['onboarding'],
};

it('ada makes no project: she is nudged after one day and after four, and a week later it ends', async () => {
  expect(String(await simulate('onboarding', ada))).toMatchInlineSnapshot(`
    "onboarding for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     user.signed_up
                          mail       welcome        Welcome, Ada
                          waits      1 day for project.created
    Wed 2026-11-25 10:00  mail       first-project  Your first project in one minute
                          waits      3 days for project.created
    Sat 2026-11-28 10:00  mail       invite-team    Better together: bring a colleague
                          waits      3 days for project.created
    Tue 2026-12-01 10:00  ends       dormant"
  `);
});

it('ada makes a project: it ends at once', async () => {
  const { outcome, mails } = await simulate('onboarding', ada, { on: ['day 2: project.created'] });
  expect([outcome, mails.map(({ template }) => template)]).toEqual(['activated', ['welcome', 'first-project']]);
});

it('ada has agreed to nothing: nothing comes', async () => {
  const { outcome, mails } = await simulate('onboarding', { ...ada, topics: [] });
  expect([outcome, mails]).toEqual(['no_consent', []]);
});
