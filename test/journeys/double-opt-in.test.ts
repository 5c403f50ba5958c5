import { expect, it } from 'vitest';

import { simulate } from '../../simulation/simulate.ts';

const ada = { user_id: 'ada', name: 'Ada', email: 'ada@example.com', time_zone: 'Europe/Berlin', topics: ['offers'] };
const granted = (request: string) => `day 2: consent.granted {"request":"${request}","consent":{"topics":["offers"]}}`;

it('ada never confirms: one mail, and an end after a week', async () => {
  expect(String(await simulate('double-opt-in', ada))).toMatchInlineSnapshot(`
    "double-opt-in for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     consent.requested
                          mail       confirm-subscription  Please confirm your subscription
                          waits      7 days for consent.granted
    Tue 2026-12-01 10:00  ends       unconfirmed"
  `);
});

it('ada confirms: it ends at once', async () => {
  // The event that starts a simulated run has the id "start".
  const { outcome } = await simulate('double-opt-in', ada, { on: [granted('start')] });
  expect(outcome).toBe('confirmed');
});

it('ada confirms another request: this one is as open as before', async () => {
  const { outcome } = await simulate('double-opt-in', ada, { on: [granted('another')] });
  expect(outcome).toBe('unconfirmed');
});
