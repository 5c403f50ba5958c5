import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

import type { FaultAction } from '../../local/ses/faults.ts';
import { startSystem, type System, type SystemOptions } from '../support/system.ts';
import { people, type Person, sending } from './crowd.ts';

let system: System;
const { accepted, emailsTo, orders, everyoneHasOne } = sending(() => system);

const start = async (options: SystemOptions) => (system = await startSystem(inject('servers'), options));
afterEach(() => system.stop());

describe('a provider that sends headers and no body, 80 times, and then works', () => {
  /** More than the 75 that a worker sends inline at once. */
  const silent = 80;
  beforeEach(() => start({ settleAfter: '15s', probeEvery: '1s', requestTimeout: '6s' }));

  it('has accepted each of them: none is sent twice, later emails are sent inline, and the worker drains', async () => {
    const [, worker] = await Promise.all([system.startIngress(), system.startWorker()]);
    system.ses.faults.add({ times: silent, action: { type: 'headers-only', accept: true } });
    const all = people(silent);
    const runs = await orders(all);
    await everyoneHasOne(all);
    await Promise.all(runs.map((run) => system.client.workflow.getHandle(run).result()));
    expect(all.map(emailsTo)).toEqual(all.map(() => 1));
    expect(system.ses.record.stats().requests.SendEmail).toBe(silent);

    const more = people(10);
    const later = await orders(more);
    await everyoneHasOne(more);
    await Promise.all(later.map((run) => system.client.workflow.getHandle(run).result()));
    expect(await Promise.all(later.map(queuedActivities))).toEqual(later.map(() => 0));
    expect(await worker.stop()).toBe(0);
  });

  async function queuedActivities(run: string): Promise<number> {
    const { events = [] } = await system.client.workflow.getHandle(run).fetchHistory();
    return events?.filter((event) => event.activityTaskScheduledEventAttributes).length ?? Number.NaN;
  }
});

describe('two workers, one an hour ahead and one an hour behind,', () => {
  const hourMs = 3_600_000;
  beforeEach(() => start({ settleAfter: '15s', probeEvery: '1s', rateLimit: 40 }));

  it('lose nothing and send nothing twice, though answers are lost and one of them is killed', async () => {
    const [, ahead] = await Promise.all([
      system.startIngress(),
      system.startWorker(clockOffBy(hourMs)),
      system.startWorker(clockOffBy(-hourMs)),
    ]);
    const all = people(200);
    const meets = (some: Person[], action: FaultAction) => {
      for (const { email } of some) system.ses.faults.add({ match: { to: email }, times: 1, action });
    };
    // Not one after another: five answers in a row that are lost close a gate.
    const every = (nth: number, of: number) => all.filter((_, index) => index % of === nth);
    meets(every(0, 40), { type: 'reset-after-accept' });
    meets(every(10, 40), { type: 'reset-before-accept' });
    meets(every(20, 40), { type: 'error', name: 'ServiceUnavailable', status: 503, message: 'Service unavailable.' });
    await orders(all);
    await expect.poll(accepted, { timeout: 120_000, interval: 20 }).toBeGreaterThan(60);
    await ahead.kill();
    await system.startWorker(clockOffBy(hourMs));
    await everyoneHasOne(all);
    expect(Math.max(...Object.values(system.ses.record.stats().byTag))).toBe(1);
  });

  /** The environment of a process whose wall clock is wrong by so much. */
  function clockOffBy(ms: number): Record<string, string> {
    const file = fileURLToPath(new URL('../support/shift-clock.mjs', import.meta.url));
    return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}`, SHIFT_CLOCK_MS: String(ms) };
  }
});
