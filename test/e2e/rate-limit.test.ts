import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { orderCompleted, person } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

const perSecond = 14;
let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'), { rateLimit: perSecond, prefix: 'rate-limit:' });
  await Promise.all([system.startIngress(), system.startWorker(), system.startWorker()]);
});
afterAll(() => system.stop());

it('two workers together keep to the rate of one account, and nobody is lost over it', async () => {
  const people = Array.from({ length: perSecond * 7 }, () => person('ada'));
  system.ses.record.reset();
  const began = Date.now();
  await Promise.all(people.map((who) => system.publish(orderCompleted(who))));
  await expect.poll(() => system.ses.record.stats().accepted, { timeout: 60_000 }).toBe(people.length);
  // The nth slot is n intervals away, so this holds however busy the machine is. How many fall into the busiest second
  // depends on it too: a starved worker sends late, and a late send stands beside the next one.
  const last = Math.max(...system.ses.mailbox.list({}, { limit: Infinity }).map(({ acceptedAt }) => acceptedAt));
  expect(last - began).toBeGreaterThanOrEqual(((people.length - 1) / perSecond) * 1_000);
  expect(system.ses.record.stats().busiestWindow.count).toBeLessThan(perSecond * 2);
  expect(Math.max(...Object.values(system.ses.record.stats().byTag))).toBe(1);
});
