import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { people, sending } from '../chaos/crowd.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
const { accepted, orders, everyoneHasOne } = sending(() => system);

beforeAll(async () => {
  // The window is short, so that what a dead worker left in doubt is settled within the test.
  system = await startSystem(inject('servers'), {
    settleAfter: '4s',
    ses: { latencyMs: 30, latencyJitter: 0.4, maxMails: 20_000 },
  });
});
afterAll(() => system.stop());

it('1,000 events give 1,000 mails, each person one, although worker and ingress are killed with -9 while they flow', async () => {
  const all = people(1_000);
  const [ingress, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
  const publishing = orders(all);

  await expect.poll(accepted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(100);
  await worker.kill();
  await system.startWorker();
  await expect.poll(accepted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(400);
  await ingress.kill();
  await system.startIngress();
  await publishing;
  await everyoneHasOne(all);
}, 240_000);
