import { expect, it } from 'vitest';

import { simulate } from '../../simulation/simulate.ts';

it('ada gets her receipt, though she has left every topic', async () => {
  const ada = { user_id: 'ada', name: 'Ada', email: 'ada@example.com', time_zone: 'Europe/Berlin', topics: [] };
  const payload = { order_id: 'o_1', total: 12.5, currency: 'EUR' };
  expect(String(await simulate('receipt', ada, { payload }))).toMatchInlineSnapshot(`
    "receipt for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     order.completed
                          mail       receipt  Your receipt for order o_1
                          ends       sent"
  `);
});
