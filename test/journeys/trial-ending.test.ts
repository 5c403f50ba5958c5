import { expect, it } from 'vitest';

import { simulate } from '../../simulation/simulate.ts';

const ends = (text: string) => ({ trial_ends_at: Date.parse(text) });
const extended = (text: string) => `trial.extended ${JSON.stringify(ends(text))}`;
const ada = {
  user_id: 'ada',
  name: 'Ada',
  email: 'ada@example.com',
  time_zone: 'America/New_York',
  topics: ['onboarding'],
};
const trial = (payload: ReturnType<typeof ends>, on: string[] = [], from = '2027-03-01T12:00:00-05:00') =>
  simulate('trial-ending', ada, { payload, on, from });

it('ada is reminded three days and one day before, at nine where she is, also over the change of clocks', async () => {
  expect(String(await trial(ends('2027-03-15T20:00:00Z')))).toMatchInlineSnapshot(`
    "trial-ending for Ada, in America/New_York

    Mon 2027-03-01 12:00  starts     trial.started
                          waits      until 2027-03-12 09:00 local time for trial.extended
    Fri 2027-03-12 09:00  mail       trial-ends-soon      Your trial ends in three days
                          waits      until 2027-03-14 09:00 local time for trial.extended
    Sun 2027-03-14 03:00  clocks     forward 1 hour, to UTC-04:00
    Sun 2027-03-14 09:00  mail       trial-ends-tomorrow  Your trial ends tomorrow
                          waits      until 2027-03-15 16:00 local time for trial.extended
    Mon 2027-03-15 16:00  ends       ended"
  `);
});

it('an extension before the first reminder moves both', async () => {
  const on = [`day 2: ${extended('2027-04-15T20:00:00Z')}`];
  expect(String(await trial(ends('2027-03-15T20:00:00Z'), on))).toMatchInlineSnapshot(`
    "trial-ending for Ada, in America/New_York

    Mon 2027-03-01 12:00  starts     trial.started
                          waits      until 2027-03-12 09:00 local time for trial.extended
    Wed 2027-03-03 12:00  hears      trial.extended
                          waits      until 2027-04-12 09:00 local time for trial.extended
    Sun 2027-03-14 03:00  clocks     forward 1 hour, to UTC-04:00
    Mon 2027-04-12 09:00  mail       trial-ends-soon      Your trial ends in three days
                          waits      until 2027-04-14 09:00 local time for trial.extended
    Wed 2027-04-14 09:00  mail       trial-ends-tomorrow  Your trial ends tomorrow
                          waits      until 2027-04-15 16:00 local time for trial.extended
    Thu 2027-04-15 16:00  ends       ended"
  `);
});

it('extensions between and after the reminders begin anew', async () => {
  const on = [`day 12: ${extended('2027-04-15T20:00:00Z')}`, `day 45: ${extended('2027-05-15T20:00:00Z')}`];
  expect((await trial(ends('2027-03-15T20:00:00Z'), on)).mails.map(({ local, template }) => [local, template]))
    .toMatchInlineSnapshot(`
    [
      [
        "Fri 2027-03-12 09:00",
        "trial-ends-soon",
      ],
      [
        "Mon 2027-04-12 09:00",
        "trial-ends-soon",
      ],
      [
        "Wed 2027-04-14 09:00",
        "trial-ends-tomorrow",
      ],
      [
        "Wed 2027-05-12 09:00",
        "trial-ends-soon",
      ],
      [
        "Fri 2027-05-14 09:00",
        "trial-ends-tomorrow",
      ],
    ]
  `);
});

it('an extension takes back a reminder that the provider keeps waiting', async () => {
  const on = [
    '2027-03-12 08:00: provider throttles for 6 hours',
    `2027-03-12 11:00: ${extended('2027-04-15T20:00:00Z')}`,
  ];
  const { mails, outcome } = await trial(ends('2027-03-15T20:00:00Z'), on);
  expect([outcome, mails.map(({ local }) => local)]).toEqual([
    'ended',
    ['Mon 2027-04-12 09:00', 'Wed 2027-04-14 09:00'],
  ]);
});

it('a trial that is cut short skips the reminder whose morning has passed', async () => {
  const on = [`day 2: ${extended('2027-03-05T20:00:00Z')}`];
  expect((await trial(ends('2027-03-15T20:00:00Z'), on)).mails.map(({ local, template }) => [local, template]))
    .toMatchInlineSnapshot(`
    [
      [
        "Thu 2027-03-04 09:00",
        "trial-ends-tomorrow",
      ],
    ]
  `);
});

it('a trial of two days gets the last reminder alone, one that is over gets none', async () => {
  const short = await trial(ends('2027-03-03T20:00:00Z'));
  expect([short.outcome, short.mails.map(({ template }) => template)]).toEqual(['ended', ['trial-ends-tomorrow']]);
  const over = await trial(ends('2027-02-20T20:00:00Z'));
  expect([over.outcome, over.mails]).toEqual(['ended', []]);
});

it('the day before the first of March of a leap year is the 29th of February', async () => {
  const { mails } = await trial(ends('2028-03-01T20:00:00Z'), [], '2028-02-01T12:00:00-05:00');
  expect(mails.map(({ local }) => local)).toEqual(['Sun 2028-02-27 09:00', 'Tue 2028-02-29 09:00']);
});
