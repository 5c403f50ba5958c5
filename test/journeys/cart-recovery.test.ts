import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { configSchema } from '../../config/schema.ts';
import { simulate } from '../../simulation/simulate.ts';

const cart = { cart_id: 'c_1', total: 25, currency: 'EUR' };
const dear = { ...cart, total: 500 };
const order = (cart_id: string) =>
  `order.completed {"order_id":"o_1","total":25,"currency":"EUR","cart_id":"${cart_id}"}`;
const ada = { user_id: 'ada', name: 'Ada', email: 'ada@example.com', time_zone: 'Europe/Berlin', topics: ['offers'] };

it('ada leaves a cart: she is reminded once, and a week later it is lost', async () => {
  expect(String(await simulate('cart-recovery', ada, { payload: cart }))).toMatchInlineSnapshot(`
    "cart-recovery for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     cart.abandoned
                          waits      4 hours for order.completed
    Tue 2026-11-24 14:00  mail       cart-reminder  You left something in your cart
                          waits      5 days for order.completed
    Sun 2026-11-29 14:00  ends       lost"
  `);
});

it('a dear cart gets advice too', async () => {
  expect(String(await simulate('cart-recovery', ada, { payload: dear }))).toMatchInlineSnapshot(`
    "cart-recovery for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     cart.abandoned
                          waits      4 hours for order.completed
    Tue 2026-11-24 14:00  mail       cart-reminder  You left something in your cart
                          waits      2 days for order.completed
    Thu 2026-11-26 14:00  mail       cart-advice    Any question about your cart?
                          waits      5 days for order.completed
    Tue 2026-12-01 14:00  ends       lost"
  `);
});

it('the order of that cart ends it at once, in the middle of a wait; that of another does not', async () => {
  const on = [`day 1: ${order('c_2')}`, `day 1 20:00: ${order('c_1')}`];
  expect(String(await simulate('cart-recovery', ada, { payload: dear, on }))).toMatchInlineSnapshot(`
    "cart-recovery for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     cart.abandoned
                          waits      4 hours for order.completed
    Tue 2026-11-24 14:00  mail       cart-reminder    You left something in your cart
                          waits      2 days for order.completed
    Wed 2026-11-25 10:00  not heard  order.completed  it is not meant for this run: the condition of its listenFor says no
    Wed 2026-11-25 20:00  hears      order.completed
                          ends       recovered"
  `);
});

it('an order takes back a mail that waits for the morning', async () => {
  const sections = {
    onboarding: { title: 'Getting started' },
    offers: { title: 'Offers', quiet_hours: { from: '21:00', to: '08:00' } },
  };
  const { templates, ...rest } = configSchema.parse({ topics: sections });
  const config = {
    ...rest,
    templates: { ...templates, dir: fileURLToPath(new URL('../../templates', import.meta.url)) },
  };
  const on = [`day 0 23:30: ${order('c_1')}`];
  const calendar = await simulate('cart-recovery', ada, {
    payload: cart,
    on,
    from: '2026-11-24T19:00:00+01:00',
    config,
  });
  expect(String(calendar)).toMatchInlineSnapshot(`
    "cart-recovery for Ada, in Europe/Berlin

    Tue 2026-11-24 19:00  starts     cart.abandoned
                          waits      4 hours for order.completed
    Tue 2026-11-24 23:00  deferred   cart-reminder  its hours begin Wed 2026-11-25 08:00
    Tue 2026-11-24 23:30  hears      order.completed
                          ends       recovered"
  `);
});

it('an order takes back a mail that the provider keeps waiting', async () => {
  const on = ['3 hours: provider throttles for 5 hours', `6 hours: ${order('c_1')}`];
  expect(String(await simulate('cart-recovery', ada, { payload: cart, on }))).toMatchInlineSnapshot(`
    "cart-recovery for Ada, in Europe/Berlin

    Tue 2026-11-24 10:00  starts     cart.abandoned
                          waits      4 hours for order.completed
    Tue 2026-11-24 13:00  happens    provider throttles for 5 hours
    Tue 2026-11-24 14:00  retries    cart-reminder  the provider throttles; 16 tries in vain
    Tue 2026-11-24 16:00  hears      order.completed
                          no mail    cart-reminder  given up before it was sent
                          ends       recovered"
  `);
});
