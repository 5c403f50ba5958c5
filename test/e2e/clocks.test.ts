import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

import { orderCompleted, person, signedUp } from '../support/events.ts';
import { startSystem, type System } from '../support/system.ts';

const perSecond = 20;
const hourMs = 3_600_000;
let system: System;

beforeAll(async () => {
  system = await startSystem(inject('servers'), { rateLimit: perSecond, probeEvery: '2s' });
});
afterEach(async () => {
  await system.stopProcesses();
  system.ses.record.reset();
});
afterAll(() => system.stop());

/** The environment of a process whose wall clock is wrong by so much. */
function clockOffBy(ms: number): Record<string, string> {
  const file = fileURLToPath(new URL('../support/shift-clock.mjs', import.meta.url));
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}`, SHIFT_CLOCK_MS: String(ms) };
}

const refused = () => system.ses.record.stats().refused['InvalidSignatureException'] ?? 0;

describe('two workers, one an hour ahead and one an hour behind,', () => {
  it('send each mail once and keep to the rate of the account', async () => {
    const [, ...workers] = await Promise.all([
      system.startIngress(),
      system.startWorker(clockOffBy(hourMs)),
      system.startWorker(clockOffBy(-hourMs)),
    ]);
    expect(workers.map(({ output }) => offOf(output()))).toEqual([1, -1]);
    const people = Array.from({ length: perSecond * 5 }, () => person('ada'));
    const began = Date.now();
    await Promise.all(people.map((who, index) => system.publish(index % 2 ? signedUp(who) : orderCompleted(who))));

    const mails = () => system.ses.record.stats().byTag;
    await expect.poll(() => Object.keys(mails()).length, { timeout: 60_000 }).toBe(people.length);
    expect(Math.max(...Object.values(mails()))).toBe(1);
    const last = Math.max(...system.ses.mailbox.list({}, { limit: Infinity }).map(({ acceptedAt }) => acceptedAt));
    expect(last - began).toBeGreaterThanOrEqual(((people.length - 1) / perSecond) * 1_000 * 0.75);
    for (const worker of workers) expect(worker.output()).toContain('email.ended');

    expect(refused()).toBeGreaterThan(0); // SES has checked their clocks
  });
});

describe('a worker whose clock is an hour wrong', () => {
  // A mailer that tried again with a new client would know nothing of what the old one has learnt of the time.
  it('learns the time from the first refusal of SES, and closes no gate over it', async () => {
    // Nobody reads the account, whose answer would tell the time before the first mail does.
    await system.redis.set(system.keys.turn('account'), 'the test has it');
    const [, worker] = await Promise.all([system.startIngress(), system.startWorker(clockOffBy(hourMs))]);
    const ada = person('ada');
    await system.publish(orderCompleted(ada));
    await expect.poll(() => system.ses.mailbox.list({ to: ada.email }).length, { timeout: 20_000 }).toBe(1);
    expect(refused()).toBe(1);
    expect(worker.output()).not.toContain('gate.closed');
  });
});

/** By how many hours the clock of whoever wrote this log is off. */
function offOf(output: string): number {
  const { time } = JSON.parse(/^\{.*$/m.exec(output)?.[0] ?? '{}') as { time: number };
  return Math.round((time - Date.now()) / hourMs);
}
